-- The tables of Nexus that extraction reads, as Nexus creates them (PostgreSQL 15 or later), without indexes on
-- embeddings. Only `nic-voice sample` runs this file; extraction itself never writes to a Nexus.

-- iMessage, SMS and RCS of a phone. Tapbacks are rows of their own: type 2000-2007 added, 3000-3007 taken back.
CREATE TABLE aurora_raw_imessage (
  id                      serial,
  guid                    text PRIMARY KEY,
  text                    text,
  date                    timestamptz,
  is_from_me              boolean,
  handle_id               text,         -- phone or e-mail of the other side, may be '' in groups
  service                 text,
  chat_id                 text,
  has_attachments         boolean,
  group_title             text,
  associated_message_guid text,
  associated_message_type integer,
  ingested_at             timestamptz DEFAULT now()
);

-- All mail of the account, sent and received. The body is HTML when a mail had no text part.
CREATE TABLE aurora_raw_gmail (
  id              text PRIMARY KEY,
  thread_id       text,
  date            timestamptz,
  from_address    text,
  from_name       text,
  to_addresses    text[],
  cc_addresses    text[],
  subject         text,
  body_text       text,
  labels          text[],
  snippet         text,
  has_attachments boolean,
  is_sent         boolean,
  ingested_at     timestamptz DEFAULT now()
);

-- Chat at work, all speakers.
CREATE TABLE aurora_raw_google_chat (
  id           serial PRIMARY KEY,
  group_name   text,
  sender_name  text,
  sender_email text,
  message_text text,
  "timestamp"  timestamptz
);

-- Texts, calls and voicemails of a second number. A voicemail is the caller's speech.
CREATE TABLE aurora_raw_google_voice (
  id           serial PRIMARY KEY,
  record_type  text,                    -- text, voicemail, call
  phone_number text,                    -- the other side
  contact_name text,
  message_text text,
  is_incoming  boolean,
  "timestamp"  timestamptz
);

-- Messages, posts, comments and more; only the sender's name tells who wrote.
CREATE TABLE aurora_raw_instagram (
  id           serial PRIMARY KEY,
  data_type    text,                    -- message, post, comment and others
  "timestamp"  timestamptz,
  content      text,
  media_url    text,
  sender       text,
  raw_data     jsonb,
  harvested_at timestamptz DEFAULT now()
);

-- As above; the export's text may be UTF-8 read as Latin-1.
CREATE TABLE aurora_raw_facebook (
  id                 serial PRIMARY KEY,
  data_type          text,
  "timestamp"        timestamptz,
  content            text,
  sender             text,
  conversation_title text
);

-- Mail sent from a desk at work, 2008-2010.
CREATE TABLE archived_sent_emails (
  id            serial PRIMARY KEY,
  sent_at       timestamptz,
  sender_name   text,
  to_recipients text,                   -- one text, mostly 'Last, First; Last, First'
  subject       text,
  body_text     text,
  body_length   integer
);

-- Recorded conversations: a JSON list of turns, or lines of 'Speaker: words'.
CREATE TABLE aurora_raw_plaud_recordings (
  id               text PRIMARY KEY,
  title            text,
  start_time       timestamptz,
  duration_seconds integer,
  word_count       integer,
  speakers         text[],
  outline          jsonb,
  transcript       text
);

-- Text messages of a BlackBerry, 2009-2010.
CREATE TABLE bb_sms_messages (
  id           serial PRIMARY KEY,
  phone_number text,
  message      text,
  "timestamp"  timestamptz,
  direction    text                     -- sent, received
);

-- A blog, 2002-2012, all by the owner.
CREATE TABLE blogger_posts (
  id           serial PRIMARY KEY,
  title        text,
  content_text text,
  published_at timestamptz,
  tags         text[]
);

-- A guestbook filled by a form that arrived as mail, 2004-2005.
CREATE TABLE site_guestbook (
  id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  gmail_id       text UNIQUE,
  recipient_page text NOT NULL,
  recipient_name text,
  poster_name    text,
  posted_at      timestamptz,
  message_text   text,
  raw_body       text
);

-- Who is who, and under which numbers, addresses and names.
CREATE TABLE aurora_social_identities (
  id           serial PRIMARY KEY,
  display_name text,
  is_person    boolean
);
CREATE TABLE aurora_social_identity_links (
  identity_id           integer REFERENCES aurora_social_identities(id),
  platform              text,
  identifier            text,
  identifier_type       text,           -- phone, email, username
  match_confidence      real
);
