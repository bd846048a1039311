"""What the Facebook and the Instagram adapter share: reading the Graph's values, errors, pages and tokens."""
