-- What a transfer was about, and the history of each balance: every entry says which of its account's and currency's
-- it is, counted from one without gaps, and what the account held after it. So a statement is read from any place on,
-- and an audit sees each balance that ever was.

-- The payment, refund, payout … that was booked; null for a plain transfer.
alter table ledger_transfers add column subject_id text;
create index ledger_transfers_by_subject on ledger_transfers (subject_id) where subject_id is not null;

alter table ledger_balances add column last_sequence bigint not null default 0;
alter table ledger_entries add column sequence bigint not null default 0;
alter table ledger_entries add column balance_after_minor bigint not null default 0;

-- What was written in one millisecond before now has lost its order: what came in is put first.
update ledger_entries
set sequence = history.sequence, balance_after_minor = history.balance_after_minor
from (
  select e.transfer_id, e.position,
    row_number() over course as sequence,
    cast(sum(e.amount_minor) over course as bigint) as balance_after_minor
  from ledger_entries e
  join ledger_transfers t on t.id = e.transfer_id
  window course as (
    partition by e.account_id, e.currency
    order by t.created_at, case when e.amount_minor > 0 then 0 else 1 end, e.transfer_id, e.position
    rows unbounded preceding)) as history
where history.transfer_id = ledger_entries.transfer_id
  and history.position = ledger_entries.position;
update ledger_balances
set last_sequence = (
  select count(*)
  from ledger_entries e
  where e.account_id = ledger_balances.account_id
    and e.currency = ledger_balances.currency);

drop index ledger_entries_by_account;
create unique index ledger_entries_by_account on ledger_entries (account_id, currency, sequence);
