begin;
delete from intermediate.int_x
where (account_id, date_start) in (select account_id, date_start from int_x__fresh);
insert into intermediate.int_x ("account_id", "date_start", "spend", "_load_seq")
select "account_id", "date_start", "spend", "_load_seq"
from int_x__fresh
where _load_seq is not null;
commit;
