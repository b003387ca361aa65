DROP INDEX "crm"."activities_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."activities_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."activities_planned_at_idx";--> statement-breakpoint
DROP INDEX "crm"."activities_done_at_idx";--> statement-breakpoint
DROP INDEX "crm"."contacts_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."contacts_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."contacts_name_idx";--> statement-breakpoint
DROP INDEX "crm"."customers_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."customers_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."customers_name_idx";--> statement-breakpoint
DROP INDEX "crm"."departments_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."departments_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."departments_name_idx";--> statement-breakpoint
DROP INDEX "crm"."departments_position_idx";--> statement-breakpoint
DROP INDEX "crm"."employees_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."employees_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."employees_name_idx";--> statement-breakpoint
DROP INDEX "crm"."employees_hired_on_idx";--> statement-breakpoint
DROP INDEX "crm"."employees_left_on_idx";--> statement-breakpoint
DROP INDEX "crm"."exchange_rates_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."exchange_rates_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."exchange_rates_valid_on_idx";--> statement-breakpoint
DROP INDEX "crm"."leads_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."leads_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."leads_name_idx";--> statement-breakpoint
DROP INDEX "crm"."opportunities_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."opportunities_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."opportunities_name_idx";--> statement-breakpoint
DROP INDEX "crm"."opportunities_amount_idx";--> statement-breakpoint
DROP INDEX "crm"."opportunities_expected_close_on_idx";--> statement-breakpoint
DROP INDEX "crm"."opportunities_closed_at_idx";--> statement-breakpoint
DROP INDEX "crm"."order_lines_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."order_lines_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."orders_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."orders_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."orders_number_idx";--> statement-breakpoint
DROP INDEX "crm"."orders_ordered_at_idx";--> statement-breakpoint
DROP INDEX "crm"."pipeline_stages_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."pipeline_stages_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."pipeline_stages_position_idx";--> statement-breakpoint
DROP INDEX "crm"."product_categories_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."product_categories_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."product_categories_name_idx";--> statement-breakpoint
DROP INDEX "crm"."product_categories_position_idx";--> statement-breakpoint
DROP INDEX "crm"."products_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."products_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."products_name_idx";--> statement-breakpoint
DROP INDEX "crm"."products_list_price_idx";--> statement-breakpoint
DROP INDEX "crm"."receipts_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."receipts_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."receipts_number_idx";--> statement-breakpoint
DROP INDEX "crm"."receipts_received_at_idx";--> statement-breakpoint
DROP INDEX "crm"."receipts_amount_idx";--> statement-breakpoint
DROP INDEX "crm"."targets_created_at_idx";--> statement-breakpoint
DROP INDEX "crm"."targets_updated_at_idx";--> statement-breakpoint
DROP INDEX "crm"."targets_month_idx";--> statement-breakpoint
CREATE INDEX "activities_created_at_idx" ON "crm"."activities" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "activities_updated_at_idx" ON "crm"."activities" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "activities_planned_at_idx" ON "crm"."activities" USING btree ("planned_at","id");--> statement-breakpoint
CREATE INDEX "activities_done_at_idx" ON "crm"."activities" USING btree ("done_at","id");--> statement-breakpoint
CREATE INDEX "contacts_created_at_idx" ON "crm"."contacts" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "contacts_updated_at_idx" ON "crm"."contacts" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "contacts_name_idx" ON "crm"."contacts" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "customers_created_at_idx" ON "crm"."customers" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "customers_updated_at_idx" ON "crm"."customers" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "customers_name_idx" ON "crm"."customers" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "departments_created_at_idx" ON "crm"."departments" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "departments_updated_at_idx" ON "crm"."departments" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "departments_name_idx" ON "crm"."departments" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "departments_position_idx" ON "crm"."departments" USING btree ("position","id");--> statement-breakpoint
CREATE INDEX "employees_created_at_idx" ON "crm"."employees" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "employees_updated_at_idx" ON "crm"."employees" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "employees_name_idx" ON "crm"."employees" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "employees_hired_on_idx" ON "crm"."employees" USING btree ("hired_on","id");--> statement-breakpoint
CREATE INDEX "employees_left_on_idx" ON "crm"."employees" USING btree ("left_on","id");--> statement-breakpoint
CREATE INDEX "exchange_rates_created_at_idx" ON "crm"."exchange_rates" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "exchange_rates_updated_at_idx" ON "crm"."exchange_rates" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "exchange_rates_valid_on_idx" ON "crm"."exchange_rates" USING btree ("valid_on","id");--> statement-breakpoint
CREATE INDEX "leads_created_at_idx" ON "crm"."leads" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "leads_updated_at_idx" ON "crm"."leads" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "leads_name_idx" ON "crm"."leads" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "opportunities_created_at_idx" ON "crm"."opportunities" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "opportunities_updated_at_idx" ON "crm"."opportunities" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "opportunities_name_idx" ON "crm"."opportunities" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "opportunities_amount_idx" ON "crm"."opportunities" USING btree ("amount","id");--> statement-breakpoint
CREATE INDEX "opportunities_expected_close_on_idx" ON "crm"."opportunities" USING btree ("expected_close_on","id");--> statement-breakpoint
CREATE INDEX "opportunities_closed_at_idx" ON "crm"."opportunities" USING btree ("closed_at","id");--> statement-breakpoint
CREATE INDEX "order_lines_created_at_idx" ON "crm"."order_lines" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "order_lines_updated_at_idx" ON "crm"."order_lines" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "orders_created_at_idx" ON "crm"."orders" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "orders_updated_at_idx" ON "crm"."orders" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "orders_number_idx" ON "crm"."orders" USING btree ("number","id");--> statement-breakpoint
CREATE INDEX "orders_ordered_at_idx" ON "crm"."orders" USING btree ("ordered_at","id");--> statement-breakpoint
CREATE INDEX "pipeline_stages_created_at_idx" ON "crm"."pipeline_stages" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "pipeline_stages_updated_at_idx" ON "crm"."pipeline_stages" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "pipeline_stages_position_idx" ON "crm"."pipeline_stages" USING btree ("position","id");--> statement-breakpoint
CREATE INDEX "product_categories_created_at_idx" ON "crm"."product_categories" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "product_categories_updated_at_idx" ON "crm"."product_categories" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "product_categories_name_idx" ON "crm"."product_categories" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "product_categories_position_idx" ON "crm"."product_categories" USING btree ("position","id");--> statement-breakpoint
CREATE INDEX "products_created_at_idx" ON "crm"."products" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "products_updated_at_idx" ON "crm"."products" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "products_name_idx" ON "crm"."products" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "products_list_price_idx" ON "crm"."products" USING btree ("list_price","id");--> statement-breakpoint
CREATE INDEX "receipts_created_at_idx" ON "crm"."receipts" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "receipts_updated_at_idx" ON "crm"."receipts" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "receipts_number_idx" ON "crm"."receipts" USING btree ("number","id");--> statement-breakpoint
CREATE INDEX "receipts_received_at_idx" ON "crm"."receipts" USING btree ("received_at","id");--> statement-breakpoint
CREATE INDEX "receipts_amount_idx" ON "crm"."receipts" USING btree ("amount","id");--> statement-breakpoint
CREATE INDEX "targets_created_at_idx" ON "crm"."targets" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "targets_updated_at_idx" ON "crm"."targets" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "targets_month_idx" ON "crm"."targets" USING btree ("month","id");