"""Mails: turns a digest, a report or an alert into a whole message, and hands messages to a mail server.

The parts are imported from their own modules, so that nobody pays for a mail server who only wants a preview:

- `watchdaemon.mail.render.MailRenderer`: data -> `OutgoingMail` (the port `Renderer`)
- `watchdaemon.mail.smtp.SmtpMailer`: `OutgoingMail` -> a mail server (the port `Mailer`)
- `watchdaemon.mail.sink.SmtpSink`: a mail server that keeps what it gets, for the demo and for tests
- `watchdaemon.mail.preview.write_preview`: `OutgoingMail` -> files a person can open
"""
