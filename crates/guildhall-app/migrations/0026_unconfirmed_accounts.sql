-- The address of an account that a purchase made was typed by somebody. It is confirmed when its owner chooses a
-- password; until then this is null.
alter table accounts add column confirmed_at bigint;
update accounts
set confirmed_at = email_confirmed_at
-- No password was ever chosen (app, password::NONE), which is so of what purchases made and of nothing else.
where password_hash <> '!';
alter table accounts drop column email_confirmed_at;
alter table accounts rename column confirmed_at to email_confirmed_at;
