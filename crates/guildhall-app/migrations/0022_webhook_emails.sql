-- Whether a webhook reads the e-mail addresses of its own company: as whoever said last where it is sent might.
alter table webhooks add column reads_emails bigint not null default 1;
-- Set when an app of another company said so: it reads them as long as it is granted that.
alter table webhooks add column by_app_id text;
