-- Invoices: what companies ask somebody for. What the paper of an invoice shows is kept as it was when the invoice was
-- made: an invoice does not change when a company or a customer takes another name.

-- How many invoices a company made; the number of the next one follows from it.
create table invoice_counters (
  company_id text primary key references companies (id),
  made bigint not null
);

create table invoices (
  id text primary key,
  company_id text not null references companies (id),
  -- Which of the company's invoices it is, from one on.
  place bigint not null,
  number text not null,
  access_pass_id text not null references access_passes (id),
  plan_id text not null references plans (id),
  -- Whom it is for, where that is somebody of the hall.
  user_id text references users (id),
  -- Where its letters go.
  email text,
  customer_name text,
  seller_name text not null,
  collection_method text not null,
  payment_method_id text references payment_methods (id),
  status text not null,
  currency text not null,
  subtotal_minor bigint not null,
  tax_minor bigint not null,
  total_minor bigint not null,
  tax_label text not null,
  tax_basis_points bigint not null,
  tax_is_included bigint not null,
  internal_notes text,
  -- Opens it to whoever has it. Kept as it is, since the API tells it at any time.
  token text not null,
  checkout_session_id text not null references checkout_sessions (id),
  payment_id text references payments (id),
  due_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  paid_at bigint,
  voided_at bigint,
  unique (company_id, place),
  unique (company_id, number)
);
create index invoices_by_company on invoices (company_id, id);
create unique index invoices_by_session on invoices (checkout_session_id);
create index invoices_by_user on invoices (user_id, company_id, id);

create table invoice_lines (
  invoice_id text not null references invoices (id),
  position bigint not null,
  label text not null,
  quantity bigint not null,
  unit_price_minor bigint not null,
  primary key (invoice_id, position)
);
