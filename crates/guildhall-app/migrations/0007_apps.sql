-- Apps in their developers' hands: what is said of one, its keys' lives, its builds, and what it asks for.

alter table apps add column access_pass_id text references access_passes (id);
alter table apps add column status text not null default 'hidden';
alter table apps add column base_dev_url text;
alter table apps add column base_preview_url text;
alter table apps add column experience_path text;
alter table apps add column dashboard_path text;
alter table apps add column discover_path text;
alter table apps add column app_store_description text;
alter table apps add column product_page text;
alter table apps add column hub_cta text;
alter table apps add column force_checkout_iframe bigint not null default 0;
-- A JSON list of the wire's AppValidScopes.
alter table apps add column required_scopes text not null default '[]';

-- The last letters of a key, so that its holder tells keys apart; empty for keys that were made before.
alter table app_api_keys add column key_end text not null default '';
-- When a key ends by itself; null for one that was not rotated.
alter table app_api_keys add column ends_at bigint;
-- The key that took its place: a key is rotated once.
alter table app_api_keys add column successor_id text;

-- Each app stands on a hidden pass of its own; the apps there are get theirs here.
insert into access_passes (id, company_id, kind, title, route, visibility, created_at, updated_at)
select 'prod_' || substr(a.id, 5), a.company_id, 'app', a.name, a.id, 'hidden', a.created_at, a.created_at
from apps a;

update apps
set access_pass_id = 'prod_' || substr(id, 5);

create table app_requested_permissions (
  app_id text not null references apps (id),
  permission text not null,
  position bigint not null,
  justification text not null,
  required bigint not null,
  primary key (app_id, permission)
);

-- What was asked of a company and not granted, so that what is asked later is known to be new.
create table app_declined_permissions (
  app_id text not null,
  company_id text not null,
  permission text not null,
  primary key (app_id, company_id, permission),
  foreign key (app_id, company_id) references app_installs (app_id, company_id)
);

create table app_builds (
  id text primary key,
  app_id text not null references apps (id),
  platform text not null,
  attachment_id text not null references attachments (id),
  checksum text not null,
  -- A JSON list of the wire's AppViewTypes.
  supported_view_types text not null,
  -- draft or approved; the wire also has pending and rejected, which nothing here gives.
  status text not null,
  review_message text,
  created_at bigint not null
);
create index app_builds_by_app on app_builds (app_id, id);

-- The one build of an app that a platform runs.
create table app_production_builds (
  app_id text not null references apps (id),
  platform text not null,
  build_id text not null references app_builds (id),
  promoted_at bigint not null,
  primary key (app_id, platform)
);
