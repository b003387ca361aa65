-- Every customer with an owner is there once and is covered, neglected, or too new to be either; and no order or visit after the last contact is overlooked.
select contacts.customer_key
from {{ ref('fct_employee_customers') }} as contacts
left join {{ ref('fct_orders') }} as orders
  on contacts.customer_key = orders.customer_key
  and orders.is_counted
  and orders.kind = 'sale'
  and orders.ordered_on > coalesce(contacts.last_contact_on, date '0001-01-01')
  and orders.ordered_on <= {{ company_date(as_of()) }}
where orders.order_key is not null or (contacts.is_covered and contacts.is_neglected)

union all

select customers.customer_key
from {{ ref('dim_customers') }} as customers
left join {{ ref('fct_employee_customers') }} as contacts on customers.customer_key = contacts.customer_key
where (customers.owner_key is not null) <> (contacts.customer_key is not null)
