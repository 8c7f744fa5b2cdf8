-- Apps of other companies that whoever agreed to be charged by a company agreed to at that: in whose sessions they said so.
create table payment_consent_apps (
  user_id text not null references users (id),
  company_id text not null references companies (id),
  app_id text not null references apps (id),
  created_at bigint not null,
  primary key (user_id, company_id, app_id)
);
