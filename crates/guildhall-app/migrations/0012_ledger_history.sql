-- What a transfer was about, and the history of each balance. Every entry says which of its account's and currency's it
-- is, counted from one without gaps, what the account held after it, and which transfer has the entry before it. So a
-- statement is read from any place on, and an audit sees each balance that ever was.
--
-- Entries come in the order of time and accounts in no order at all, so an index of every entry by its account would
-- dirty a page for each. Every 32nd is in it; from there one follows the entries back.

-- The payment, refund, payout … that was booked; null for a plain transfer.
alter table ledger_transfers add column subject_id text;
create index ledger_transfers_by_subject on ledger_transfers (subject_id) where subject_id is not null;

alter table ledger_balances add column last_sequence bigint not null default 0;
alter table ledger_balances add column last_transfer_id text;
-- The one before the last.
alter table ledger_balances add column previous_transfer_id text;
alter table ledger_entries add column sequence bigint not null default 0;
alter table ledger_entries add column balance_after_minor bigint not null default 0;
-- Null for the first.
alter table ledger_entries add column previous_transfer_id text;

-- What was written in one millisecond before now has lost its order: what came in is put first.
update ledger_entries
set sequence = history.sequence,
  balance_after_minor = history.balance_after_minor,
  previous_transfer_id = history.previous_transfer_id
from (
  select e.transfer_id, e.position,
    row_number() over course as sequence,
    cast(sum(e.amount_minor) over course as bigint) as balance_after_minor,
    lag(e.transfer_id) over course as previous_transfer_id
  from ledger_entries e
  join ledger_transfers t on t.id = e.transfer_id
  window course as (
    partition by e.account_id, e.currency
    order by t.created_at, case when e.amount_minor > 0 then 0 else 1 end, e.transfer_id, e.position
    rows unbounded preceding)) as history
where history.transfer_id = ledger_entries.transfer_id
  and history.position = ledger_entries.position;
update ledger_balances
set last_sequence = last.sequence,
  last_transfer_id = last.transfer_id,
  previous_transfer_id = last.previous_transfer_id
from (
  select account_id, currency, sequence, transfer_id, previous_transfer_id,
    row_number() over (partition by account_id, currency order by sequence desc) as place
  from ledger_entries) as last
where last.place = 1
  and last.account_id = ledger_balances.account_id
  and last.currency = ledger_balances.currency;

drop index ledger_entries_by_account;
create unique index ledger_entries_by_account on ledger_entries (account_id, currency, sequence)
where sequence % 32 = 0;
