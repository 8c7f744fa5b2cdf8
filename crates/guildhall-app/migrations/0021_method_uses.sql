-- What a buyer lets be done with the method besides this purchase and what it renews (app, payment::MethodUse).
alter table payments add column method_use text not null default 'kept';
-- Whether the account's owner typed the method in; else somebody did who typed the account's e-mail.
alter table payment_methods add column is_own bigint not null default 1;
