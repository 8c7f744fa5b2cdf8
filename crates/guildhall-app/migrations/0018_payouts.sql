-- Money that companies and people take out. It lies in transit from when it is asked for until it arrived or came back.

create table payouts (
  id text primary key,
  -- company, or user.
  holder_kind text not null,
  owner_id text not null,
  currency text not null,
  amount_minor bigint not null,
  -- Taken on top of the amount.
  fee_minor bigint not null,
  status text not null,
  method text not null,
  -- Where the money goes, in its holder's words.
  destination text not null,
  -- Who asked twice is told once.
  idempotence_key text not null,
  requested_by text not null references users (id),
  -- What the operator's bank calls it.
  reference text,
  failure_message text,
  sent_at bigint,
  ended_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  unique (owner_id, idempotence_key)
);
create index payouts_by_owner on payouts (owner_id, id);
create index payouts_by_status on payouts (status, id);
