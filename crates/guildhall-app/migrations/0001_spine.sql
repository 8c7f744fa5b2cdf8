-- The spine: people, companies, what they sell, where they talk, what they pay.
-- Portable between SQLite and PostgreSQL: text, bigint and bytea only; booleans are 0 or 1,
-- times are milliseconds since 1970, money is minor units, structures are JSON text.

create table secrets (
  name text primary key,
  value bytea not null
);

create table users (
  id text primary key,
  username text not null,
  username_key text not null unique,
  name text,
  email text,
  bio text,
  city text,
  country text,
  phone_verified bigint not null default 0,
  date_of_birth text,
  picture_id text,
  banner_id text,
  created_at bigint not null,
  updated_at bigint not null
);

create table companies (
  id text primary key,
  owner_id text not null references users (id),
  title text not null,
  route text not null unique,
  industry_type text,
  business_type text,
  logo_id text,
  banner_id text,
  created_at bigint not null
);

create table team_members (
  company_id text not null references companies (id),
  user_id text not null references users (id),
  role text not null,
  created_at bigint not null,
  primary key (company_id, user_id)
);
create index team_members_by_user on team_members (user_id, company_id);

create table apps (
  id text primary key,
  company_id text not null references companies (id),
  name text not null,
  description text,
  base_url text,
  icon_id text,
  created_at bigint not null
);
create index apps_by_company on apps (company_id, id);

create table app_api_keys (
  id text primary key,
  app_id text not null references apps (id),
  key_hash bytea not null unique,
  created_at bigint not null,
  revoked_at bigint
);
create index app_api_keys_by_app on app_api_keys (app_id);

create table app_agents (
  app_id text not null references apps (id),
  user_id text not null references users (id),
  position bigint not null,
  primary key (app_id, user_id)
);
create index app_agents_by_user on app_agents (user_id, app_id);
create index app_agents_in_order on app_agents (app_id, position, user_id);

create table app_installs (
  app_id text not null references apps (id),
  company_id text not null references companies (id),
  installed_at bigint not null,
  primary key (app_id, company_id)
);
create index app_installs_by_company on app_installs (company_id, app_id);

create table app_grants (
  app_id text not null,
  company_id text not null,
  permission text not null,
  primary key (app_id, company_id, permission),
  foreign key (app_id, company_id) references app_installs (app_id, company_id)
);

create table access_passes (
  id text primary key,
  company_id text not null references companies (id),
  kind text not null,
  title text not null,
  route text not null,
  headline text,
  shortened_description text,
  visibility text not null,
  verified bigint not null default 0,
  logo_id text,
  banner_id text,
  created_at bigint not null,
  updated_at bigint not null,
  unique (company_id, route)
);

create table plans (
  id text primary key,
  access_pass_id text not null references access_passes (id),
  company_id text not null references companies (id),
  plan_type text not null,
  base_currency text not null,
  initial_price_minor bigint not null,
  renewal_price_minor bigint not null,
  billing_period_days bigint,
  trial_period_days bigint,
  expiration_days bigint,
  stock bigint not null,
  unlimited_stock bigint not null,
  release_method text not null,
  visibility text not null,
  payment_link_description text,
  custom_fields text not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index plans_by_pass on plans (access_pass_id, id);

create table memberships (
  id text primary key,
  company_id text not null references companies (id),
  access_pass_id text not null references access_passes (id),
  plan_id text references plans (id),
  user_id text not null references users (id),
  status text not null,
  paid_until bigint,
  created_at bigint not null
);
create index memberships_by_user on memberships (user_id, company_id, access_pass_id, status, paid_until);
create index memberships_by_pass on memberships (access_pass_id, user_id);

create table bans (
  company_id text not null references companies (id),
  user_id text not null references users (id),
  -- Empty for the whole company.
  access_pass_id text not null,
  reason text,
  custom_reason text,
  created_by text,
  created_at bigint not null,
  primary key (company_id, user_id, access_pass_id)
);

create table mutes (
  company_id text not null references companies (id),
  user_id text not null references users (id),
  -- Null for good.
  muted_until bigint,
  created_by text,
  created_at bigint not null,
  primary key (company_id, user_id)
);

create table audit_log (
  id text primary key,
  company_id text not null references companies (id),
  app_id text,
  actor_id text,
  action text not null,
  subject_id text not null,
  details text not null,
  created_at bigint not null
);
create index audit_log_by_company on audit_log (company_id, id);

create table experiences (
  id text primary key,
  company_id text not null references companies (id),
  app_id text not null references apps (id),
  kind text not null,
  name text not null,
  description text,
  logo_id text,
  expires_at bigint,
  deleted_at bigint,
  created_at bigint not null
);
create index experiences_by_company on experiences (company_id, id);

create table experience_passes (
  experience_id text not null references experiences (id),
  access_pass_id text not null references access_passes (id),
  position bigint not null,
  upsell_access_pass_id text references access_passes (id),
  upsell_plan_id text references plans (id),
  primary key (experience_id, access_pass_id)
);
create index experience_passes_in_order on experience_passes (experience_id, position, access_pass_id, upsell_access_pass_id);
create index experience_passes_by_pass on experience_passes (access_pass_id, experience_id);

-- The names that find-or-create finds: one live experience of a kind, pass and name.
create table experience_names (
  company_id text not null references companies (id),
  kind text not null,
  -- Empty for an experience attached to no pass.
  access_pass_id text not null,
  name_key text not null,
  experience_id text not null references experiences (id),
  primary key (company_id, kind, access_pass_id, name_key)
);

create table feeds (
  id text primary key,
  kind text not null,
  experience_id text unique references experiences (id),
  company_id text references companies (id),
  who_can_post text not null,
  cooldown_ms bigint not null default 0,
  banned_words text not null default '[]',
  ban_urls bigint not null default 0,
  ban_media bigint not null default 0,
  -- Direct conversations: the pair, both ids in order, joined by a space; null for groups.
  pair_key text unique,
  custom_name text,
  last_sequence bigint not null default 0,
  last_posted_at bigint not null,
  created_at bigint not null
);

create table feed_members (
  feed_id text not null references feeds (id),
  user_id text not null references users (id),
  status text not null,
  pinned bigint not null default 0,
  read_sequence bigint not null default 0,
  -- A copy of the feed's, so that a member's conversations list by activity from one index.
  last_posted_at bigint not null,
  primary key (feed_id, user_id)
);
create index feed_members_by_activity on feed_members (user_id, status, last_posted_at, feed_id);

create table posts (
  id text primary key,
  feed_id text not null references feeds (id),
  sequence bigint not null,
  author_id text not null references users (id),
  parent_id text,
  replying_to_id text,
  title text,
  content text not null,
  mentioned_user_ids text not null,
  everyone_mentioned bigint not null,
  pinned bigint not null default 0,
  view_count bigint not null default 0,
  paywall_minor bigint,
  paywall_currency text,
  created_at bigint not null,
  updated_at bigint not null,
  edited_at bigint,
  deleted_at bigint,
  unique (feed_id, sequence)
);
create index posts_by_author on posts (feed_id, author_id, sequence);
create index posts_by_parent on posts (parent_id, sequence) where parent_id is not null;
create index posts_pinned on posts (feed_id, sequence) where pinned = 1;

create table poll_options (
  post_id text not null references posts (id),
  position bigint not null,
  option_id text not null,
  text text not null,
  primary key (post_id, position)
);

create table post_purchases (
  post_id text not null references posts (id),
  user_id text not null references users (id),
  created_at bigint not null,
  primary key (post_id, user_id)
);

create table attachments (
  id text primary key,
  uploader_id text,
  app_id text,
  company_id text,
  record text not null,
  filename text not null,
  declared_type text not null,
  declared_bytes bigint not null,
  checksum bytea not null,
  -- waiting, uploaded, ready or failed.
  status text not null,
  failure text,
  multipart_id text,
  object_key text not null,
  content_type text,
  media text,
  width bigint,
  height bigint,
  created_at bigint not null
);
create index attachments_waiting on attachments (created_at) where status = 'waiting';

create table attachment_parts (
  attachment_id text not null references attachments (id),
  part_number bigint not null,
  etag text not null,
  bytes bigint not null,
  primary key (attachment_id, part_number)
);

create table post_attachments (
  post_id text not null references posts (id),
  position bigint not null,
  attachment_id text not null references attachments (id),
  primary key (post_id, position)
);
create index post_attachments_by_attachment on post_attachments (attachment_id);

create table notifications (
  id text primary key,
  app_id text not null references apps (id),
  company_id text not null references companies (id),
  experience_id text references experiences (id),
  external_id text,
  sender_id text,
  title text not null,
  content text not null,
  subtitle text,
  link text,
  rest_path text,
  is_mention bigint not null,
  created_at bigint not null,
  unique (app_id, external_id)
);

create table user_notifications (
  user_id text not null references users (id),
  notification_id text not null references notifications (id),
  read_at bigint,
  primary key (user_id, notification_id)
);

create table ledger_accounts (
  id text primary key,
  kind text not null,
  -- A user's or company's id; for the platform's own accounts their kind.
  owner_id text not null,
  created_at bigint not null,
  unique (kind, owner_id)
);

create table ledger_transfers (
  id text primary key,
  -- Who holds the key: a key is one caller's.
  caller text not null,
  idempotence_key text not null,
  request_hash bytea not null,
  reason text not null,
  notes text,
  created_at bigint not null,
  unique (caller, idempotence_key)
);

create table ledger_entries (
  transfer_id text not null references ledger_transfers (id),
  position bigint not null,
  account_id text not null references ledger_accounts (id),
  currency text not null,
  amount_minor bigint not null check (amount_minor <> 0),
  primary key (transfer_id, position)
);
create index ledger_entries_by_account on ledger_entries (account_id, currency);

create table ledger_balances (
  account_id text not null references ledger_accounts (id),
  currency text not null,
  -- 1 where the account may go below zero.
  overdraft bigint not null,
  balance_minor bigint not null,
  primary key (account_id, currency),
  check (overdraft = 1 or balance_minor >= 0)
);

create table checkout_sessions (
  id text primary key,
  plan_id text not null references plans (id),
  company_id text not null references companies (id),
  app_id text,
  -- The one user who may pay, when the app named one.
  user_id text,
  amount_minor bigint not null,
  currency text not null,
  description text,
  affiliate_code text,
  redirect_url text,
  metadata text not null,
  status text not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index checkout_sessions_by_company on checkout_sessions (company_id, id);
