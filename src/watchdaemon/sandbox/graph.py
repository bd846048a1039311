"""The Graph API of Facebook Pages and Instagram professional accounts."""
