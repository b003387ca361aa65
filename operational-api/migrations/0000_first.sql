CREATE TABLE "crm"."activities" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."activities_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"customer_id" uuid,
	"contact_id" uuid,
	"opportunity_id" uuid,
	"owner_id" uuid NOT NULL,
	"planned_at" timestamp(6) with time zone,
	"done_at" timestamp(6) with time zone,
	"outcome" text,
	"note" text,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "activities_kind_check" CHECK ("crm"."activities"."kind" in ('visit', 'call', 'email', 'message', 'meeting', 'task')),
	CONSTRAINT "activities_outcome_check" CHECK ("crm"."activities"."outcome" in ('reached', 'interested', 'refused', 'unreached'))
);
--> statement-breakpoint
CREATE TABLE "audit"."entries" (
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"actor_id" text,
	"action" text NOT NULL,
	"entity" text NOT NULL,
	"record_id" text,
	"old_values" jsonb,
	"new_values" jsonb,
	"ip" text,
	"request_id" text
);
--> statement-breakpoint
CREATE TABLE "crm"."contacts" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."contacts_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"customer_id" uuid NOT NULL,
	"name" text NOT NULL,
	"title" text,
	"mobile" text,
	"email" text,
	"is_decision_maker" boolean DEFAULT false NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "crm"."customers" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."customers_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"name" text NOT NULL,
	"kind" text DEFAULT 'end_customer' NOT NULL,
	"industry" text,
	"ownership" text,
	"level" text,
	"source" text,
	"status" text DEFAULT 'potential' NOT NULL,
	"country" text DEFAULT '中国' NOT NULL,
	"province" text,
	"city" text,
	"address" text,
	"phone" text,
	"owner_id" uuid,
	"parent_id" uuid,
	"founded_year" integer,
	"employee_count" integer,
	"annual_revenue" numeric(18, 2),
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "customers_kind_check" CHECK ("crm"."customers"."kind" in ('end_customer', 'reseller', 'partner', 'government')),
	CONSTRAINT "customers_ownership_check" CHECK ("crm"."customers"."ownership" in ('state', 'private', 'foreign', 'joint', 'public')),
	CONSTRAINT "customers_level_check" CHECK ("crm"."customers"."level" in ('A', 'B', 'C', 'D')),
	CONSTRAINT "customers_status_check" CHECK ("crm"."customers"."status" in ('potential', 'key_potential', 'cooperating', 'key_cooperating', 'lost', 'invalid'))
);
--> statement-breakpoint
CREATE TABLE "crm"."department_events" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."department_events_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"entity" text NOT NULL,
	"record_id" uuid NOT NULL,
	"from_value" uuid,
	"to_value" uuid,
	"effective_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"actor_id" text
);
--> statement-breakpoint
CREATE TABLE "crm"."departments" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."departments_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"name" text NOT NULL,
	"code" text,
	"parent_id" uuid,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "crm"."employees" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."employees_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"name" text NOT NULL,
	"email" text,
	"mobile" text,
	"position" text,
	"department_id" uuid NOT NULL,
	"manager_id" uuid,
	"is_salesperson" boolean DEFAULT true NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"hired_on" date,
	"left_on" date,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "employees_status_check" CHECK ("crm"."employees"."status" in ('active', 'left'))
);
--> statement-breakpoint
CREATE TABLE "crm"."exchange_rates" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."exchange_rates_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"currency" text NOT NULL,
	"rate" numeric(18, 8) NOT NULL,
	"valid_on" date NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "portal"."idempotency_keys" (
	"user_id" text NOT NULL,
	"route" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"headers" jsonb NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_user_id_route_key_pk" PRIMARY KEY("user_id","route","key")
);
--> statement-breakpoint
CREATE TABLE "crm"."leads" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."leads_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"name" text NOT NULL,
	"contact_name" text,
	"mobile" text,
	"source" text,
	"province" text,
	"status" text DEFAULT 'new' NOT NULL,
	"owner_id" uuid,
	"customer_id" uuid,
	"opportunity_id" uuid,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "leads_status_check" CHECK ("crm"."leads"."status" in ('new', 'contacted', 'qualified', 'converted', 'discarded'))
);
--> statement-breakpoint
CREATE TABLE "crm"."opportunities" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."opportunities_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"name" text NOT NULL,
	"customer_id" uuid,
	"product_id" uuid,
	"owner_id" uuid NOT NULL,
	"department_id" uuid,
	"source" text,
	"pipeline" text DEFAULT 'default' NOT NULL,
	"stage" text,
	"status" text,
	"amount" numeric(18, 2) DEFAULT '0' NOT NULL,
	"currency" text NOT NULL,
	"exchange_rate" numeric(18, 8),
	"expected_close_on" date,
	"closed_at" timestamp(6) with time zone,
	"close_reason" text,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "opportunities_status_check" CHECK ("crm"."opportunities"."status" in ('open', 'won', 'lost'))
);
--> statement-breakpoint
CREATE TABLE "crm"."order_lines" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."order_lines_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"order_id" uuid NOT NULL,
	"line_number" integer,
	"product_id" uuid NOT NULL,
	"quantity" numeric(18, 4) NOT NULL,
	"unit_price" numeric(18, 2) NOT NULL,
	"discount_rate" numeric(18, 8) DEFAULT '0' NOT NULL,
	"tax_rate" numeric(18, 8) DEFAULT '0.13' NOT NULL,
	"amount" numeric(18, 2),
	"tax_amount" numeric(18, 2),
	"unit_cost" numeric(18, 2),
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "crm"."orders" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."orders_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"number" text NOT NULL,
	"kind" text DEFAULT 'sale' NOT NULL,
	"customer_id" uuid NOT NULL,
	"opportunity_id" uuid,
	"owner_id" uuid NOT NULL,
	"department_id" uuid,
	"status" text DEFAULT 'draft' NOT NULL,
	"ordered_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"currency" text NOT NULL,
	"exchange_rate" numeric(18, 8),
	"discount" numeric(18, 2) DEFAULT '0' NOT NULL,
	"freight" numeric(18, 2) DEFAULT '0' NOT NULL,
	"note" text,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "orders_kind_check" CHECK ("crm"."orders"."kind" in ('sale', 'return')),
	CONSTRAINT "orders_status_check" CHECK ("crm"."orders"."status" in ('draft', 'approved', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "crm"."owner_events" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."owner_events_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"entity" text NOT NULL,
	"record_id" uuid NOT NULL,
	"from_value" uuid,
	"to_value" uuid,
	"effective_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"actor_id" text
);
--> statement-breakpoint
CREATE TABLE "crm"."pipeline_stages" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."pipeline_stages_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"pipeline" text NOT NULL,
	"code" text NOT NULL,
	"name" text NOT NULL,
	"name_en" text NOT NULL,
	"position" integer NOT NULL,
	"probability" numeric(18, 8) DEFAULT '0' NOT NULL,
	"outcome" text DEFAULT 'open' NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "pipeline_stages_outcome_check" CHECK ("crm"."pipeline_stages"."outcome" in ('open', 'won', 'lost'))
);
--> statement-breakpoint
CREATE TABLE "crm"."product_categories" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."product_categories_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"name" text NOT NULL,
	"parent_id" uuid,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "crm"."products" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."products_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"name" text NOT NULL,
	"code" text,
	"category_id" uuid,
	"unit" text,
	"list_price" numeric(18, 2),
	"cost_price" numeric(18, 2),
	"currency" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "products_status_check" CHECK ("crm"."products"."status" in ('active', 'discontinued'))
);
--> statement-breakpoint
CREATE TABLE "crm"."receipts" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."receipts_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"number" text NOT NULL,
	"customer_id" uuid NOT NULL,
	"order_id" uuid,
	"owner_id" uuid NOT NULL,
	"department_id" uuid,
	"received_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"amount" numeric(18, 2) NOT NULL,
	"currency" text NOT NULL,
	"exchange_rate" numeric(18, 8),
	"method" text DEFAULT 'transfer' NOT NULL,
	"status" text DEFAULT 'confirmed' NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "receipts_method_check" CHECK ("crm"."receipts"."method" in ('transfer', 'acceptance', 'cash', 'other')),
	CONSTRAINT "receipts_status_check" CHECK ("crm"."receipts"."status" in ('confirmed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "crm"."stage_events" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."stage_events_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"entity" text NOT NULL,
	"record_id" uuid NOT NULL,
	"from_value" text,
	"to_value" text,
	"effective_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"actor_id" text
);
--> statement-breakpoint
CREATE TABLE "crm"."status_events" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."status_events_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"entity" text NOT NULL,
	"record_id" uuid NOT NULL,
	"from_value" text,
	"to_value" text,
	"effective_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"actor_id" text
);
--> statement-breakpoint
CREATE TABLE "crm"."targets" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."targets_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"measure" text NOT NULL,
	"level" text DEFAULT 'goal' NOT NULL,
	"department_id" uuid NOT NULL,
	"employee_id" uuid,
	"month" date NOT NULL,
	"amount" numeric(18, 2) NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "targets_measure_check" CHECK ("crm"."targets"."measure" in ('order_amount', 'receipt_amount', 'won_amount', 'new_customers')),
	CONSTRAINT "targets_level_check" CHECK ("crm"."targets"."level" in ('goal', 'stretch', 'challenge'))
);
--> statement-breakpoint
ALTER TABLE "crm"."activities" ADD CONSTRAINT "activities_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."activities" ADD CONSTRAINT "activities_contact_id_fkey" FOREIGN KEY ("contact_id") REFERENCES "crm"."contacts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."activities" ADD CONSTRAINT "activities_opportunity_id_fkey" FOREIGN KEY ("opportunity_id") REFERENCES "crm"."opportunities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."activities" ADD CONSTRAINT "activities_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."contacts" ADD CONSTRAINT "contacts_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."customers" ADD CONSTRAINT "customers_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."customers" ADD CONSTRAINT "customers_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."departments" ADD CONSTRAINT "departments_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "crm"."departments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."employees" ADD CONSTRAINT "employees_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "crm"."departments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."employees" ADD CONSTRAINT "employees_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."leads" ADD CONSTRAINT "leads_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."leads" ADD CONSTRAINT "leads_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."leads" ADD CONSTRAINT "leads_opportunity_id_fkey" FOREIGN KEY ("opportunity_id") REFERENCES "crm"."opportunities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."opportunities" ADD CONSTRAINT "opportunities_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."opportunities" ADD CONSTRAINT "opportunities_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "crm"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."opportunities" ADD CONSTRAINT "opportunities_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."opportunities" ADD CONSTRAINT "opportunities_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "crm"."departments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."order_lines" ADD CONSTRAINT "order_lines_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "crm"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."order_lines" ADD CONSTRAINT "order_lines_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "crm"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."orders" ADD CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."orders" ADD CONSTRAINT "orders_opportunity_id_fkey" FOREIGN KEY ("opportunity_id") REFERENCES "crm"."opportunities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."orders" ADD CONSTRAINT "orders_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."orders" ADD CONSTRAINT "orders_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "crm"."departments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."product_categories" ADD CONSTRAINT "product_categories_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "crm"."product_categories"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."products" ADD CONSTRAINT "products_category_id_fkey" FOREIGN KEY ("category_id") REFERENCES "crm"."product_categories"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."receipts" ADD CONSTRAINT "receipts_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."receipts" ADD CONSTRAINT "receipts_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "crm"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."receipts" ADD CONSTRAINT "receipts_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."receipts" ADD CONSTRAINT "receipts_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "crm"."departments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."targets" ADD CONSTRAINT "targets_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "crm"."departments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."targets" ADD CONSTRAINT "targets_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "activities_external_id_key" ON "crm"."activities" USING btree ("external_id") WHERE "crm"."activities"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "activities_created_at_idx" ON "crm"."activities" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "activities_updated_at_idx" ON "crm"."activities" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "activities_customer_id_idx" ON "crm"."activities" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "activities_contact_id_idx" ON "crm"."activities" USING btree ("contact_id");--> statement-breakpoint
CREATE INDEX "activities_opportunity_id_idx" ON "crm"."activities" USING btree ("opportunity_id");--> statement-breakpoint
CREATE INDEX "activities_owner_id_idx" ON "crm"."activities" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "activities_planned_at_idx" ON "crm"."activities" USING btree ("planned_at");--> statement-breakpoint
CREATE INDEX "activities_done_at_idx" ON "crm"."activities" USING btree ("done_at");--> statement-breakpoint
CREATE INDEX "activities_subject_trgm" ON "crm"."activities" USING gin ("subject" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "entries_record_idx" ON "audit"."entries" USING btree ("entity","record_id","at");--> statement-breakpoint
CREATE INDEX "entries_actor_idx" ON "audit"."entries" USING btree ("actor_id","at");--> statement-breakpoint
CREATE INDEX "entries_at_idx" ON "audit"."entries" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "contacts_external_id_key" ON "crm"."contacts" USING btree ("external_id") WHERE "crm"."contacts"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "contacts_created_at_idx" ON "crm"."contacts" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "contacts_updated_at_idx" ON "crm"."contacts" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "contacts_customer_id_idx" ON "crm"."contacts" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "contacts_name_idx" ON "crm"."contacts" USING btree ("name");--> statement-breakpoint
CREATE INDEX "contacts_title_idx" ON "crm"."contacts" USING btree ("title");--> statement-breakpoint
CREATE INDEX "contacts_name_trgm" ON "crm"."contacts" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "customers_external_id_key" ON "crm"."customers" USING btree ("external_id") WHERE "crm"."customers"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "customers_created_at_idx" ON "crm"."customers" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "customers_updated_at_idx" ON "crm"."customers" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "customers_name_idx" ON "crm"."customers" USING btree ("name");--> statement-breakpoint
CREATE INDEX "customers_industry_idx" ON "crm"."customers" USING btree ("industry");--> statement-breakpoint
CREATE INDEX "customers_source_idx" ON "crm"."customers" USING btree ("source");--> statement-breakpoint
CREATE INDEX "customers_country_idx" ON "crm"."customers" USING btree ("country");--> statement-breakpoint
CREATE INDEX "customers_province_idx" ON "crm"."customers" USING btree ("province");--> statement-breakpoint
CREATE INDEX "customers_city_idx" ON "crm"."customers" USING btree ("city");--> statement-breakpoint
CREATE INDEX "customers_owner_id_idx" ON "crm"."customers" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "customers_parent_id_idx" ON "crm"."customers" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "customers_name_trgm" ON "crm"."customers" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "department_events_record_idx" ON "crm"."department_events" USING btree ("entity","record_id","effective_at");--> statement-breakpoint
CREATE UNIQUE INDEX "departments_external_id_key" ON "crm"."departments" USING btree ("external_id") WHERE "crm"."departments"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "departments_created_at_idx" ON "crm"."departments" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "departments_updated_at_idx" ON "crm"."departments" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "departments_name_idx" ON "crm"."departments" USING btree ("name");--> statement-breakpoint
CREATE INDEX "departments_code_idx" ON "crm"."departments" USING btree ("code");--> statement-breakpoint
CREATE INDEX "departments_parent_id_idx" ON "crm"."departments" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "departments_position_idx" ON "crm"."departments" USING btree ("position");--> statement-breakpoint
CREATE INDEX "departments_name_trgm" ON "crm"."departments" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "employees_external_id_key" ON "crm"."employees" USING btree ("external_id") WHERE "crm"."employees"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "employees_created_at_idx" ON "crm"."employees" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "employees_updated_at_idx" ON "crm"."employees" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "employees_name_idx" ON "crm"."employees" USING btree ("name");--> statement-breakpoint
CREATE INDEX "employees_department_id_idx" ON "crm"."employees" USING btree ("department_id");--> statement-breakpoint
CREATE INDEX "employees_manager_id_idx" ON "crm"."employees" USING btree ("manager_id");--> statement-breakpoint
CREATE INDEX "employees_hired_on_idx" ON "crm"."employees" USING btree ("hired_on");--> statement-breakpoint
CREATE INDEX "employees_left_on_idx" ON "crm"."employees" USING btree ("left_on");--> statement-breakpoint
CREATE INDEX "employees_name_trgm" ON "crm"."employees" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "exchange_rates_external_id_key" ON "crm"."exchange_rates" USING btree ("external_id") WHERE "crm"."exchange_rates"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "exchange_rates_created_at_idx" ON "crm"."exchange_rates" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "exchange_rates_updated_at_idx" ON "crm"."exchange_rates" USING btree ("updated_at");--> statement-breakpoint
CREATE UNIQUE INDEX "exchange_rates_currency_valid_on_key" ON "crm"."exchange_rates" USING btree ("currency","valid_on") WHERE "crm"."exchange_rates"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "exchange_rates_currency_idx" ON "crm"."exchange_rates" USING btree ("currency");--> statement-breakpoint
CREATE INDEX "exchange_rates_valid_on_idx" ON "crm"."exchange_rates" USING btree ("valid_on");--> statement-breakpoint
CREATE INDEX "idempotency_keys_created_at_idx" ON "portal"."idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "leads_external_id_key" ON "crm"."leads" USING btree ("external_id") WHERE "crm"."leads"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "leads_created_at_idx" ON "crm"."leads" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "leads_updated_at_idx" ON "crm"."leads" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "leads_name_idx" ON "crm"."leads" USING btree ("name");--> statement-breakpoint
CREATE INDEX "leads_source_idx" ON "crm"."leads" USING btree ("source");--> statement-breakpoint
CREATE INDEX "leads_province_idx" ON "crm"."leads" USING btree ("province");--> statement-breakpoint
CREATE INDEX "leads_owner_id_idx" ON "crm"."leads" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "leads_customer_id_idx" ON "crm"."leads" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "leads_opportunity_id_idx" ON "crm"."leads" USING btree ("opportunity_id");--> statement-breakpoint
CREATE INDEX "leads_name_trgm" ON "crm"."leads" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "opportunities_external_id_key" ON "crm"."opportunities" USING btree ("external_id") WHERE "crm"."opportunities"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "opportunities_created_at_idx" ON "crm"."opportunities" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "opportunities_updated_at_idx" ON "crm"."opportunities" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "opportunities_name_idx" ON "crm"."opportunities" USING btree ("name");--> statement-breakpoint
CREATE INDEX "opportunities_customer_id_idx" ON "crm"."opportunities" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "opportunities_product_id_idx" ON "crm"."opportunities" USING btree ("product_id");--> statement-breakpoint
CREATE INDEX "opportunities_owner_id_idx" ON "crm"."opportunities" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "opportunities_department_id_idx" ON "crm"."opportunities" USING btree ("department_id");--> statement-breakpoint
CREATE INDEX "opportunities_source_idx" ON "crm"."opportunities" USING btree ("source");--> statement-breakpoint
CREATE INDEX "opportunities_pipeline_idx" ON "crm"."opportunities" USING btree ("pipeline");--> statement-breakpoint
CREATE INDEX "opportunities_stage_idx" ON "crm"."opportunities" USING btree ("stage");--> statement-breakpoint
CREATE INDEX "opportunities_amount_idx" ON "crm"."opportunities" USING btree ("amount");--> statement-breakpoint
CREATE INDEX "opportunities_currency_idx" ON "crm"."opportunities" USING btree ("currency");--> statement-breakpoint
CREATE INDEX "opportunities_expected_close_on_idx" ON "crm"."opportunities" USING btree ("expected_close_on");--> statement-breakpoint
CREATE INDEX "opportunities_closed_at_idx" ON "crm"."opportunities" USING btree ("closed_at");--> statement-breakpoint
CREATE INDEX "opportunities_close_reason_idx" ON "crm"."opportunities" USING btree ("close_reason");--> statement-breakpoint
CREATE INDEX "opportunities_name_trgm" ON "crm"."opportunities" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "order_lines_external_id_key" ON "crm"."order_lines" USING btree ("external_id") WHERE "crm"."order_lines"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "order_lines_created_at_idx" ON "crm"."order_lines" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "order_lines_updated_at_idx" ON "crm"."order_lines" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "order_lines_order_id_idx" ON "crm"."order_lines" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "order_lines_product_id_idx" ON "crm"."order_lines" USING btree ("product_id");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_external_id_key" ON "crm"."orders" USING btree ("external_id") WHERE "crm"."orders"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "orders_created_at_idx" ON "crm"."orders" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "orders_updated_at_idx" ON "crm"."orders" USING btree ("updated_at");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_number_key" ON "crm"."orders" USING btree ("number") WHERE "crm"."orders"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "orders_number_idx" ON "crm"."orders" USING btree ("number");--> statement-breakpoint
CREATE INDEX "orders_customer_id_idx" ON "crm"."orders" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "orders_opportunity_id_idx" ON "crm"."orders" USING btree ("opportunity_id");--> statement-breakpoint
CREATE INDEX "orders_owner_id_idx" ON "crm"."orders" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "orders_department_id_idx" ON "crm"."orders" USING btree ("department_id");--> statement-breakpoint
CREATE INDEX "orders_ordered_at_idx" ON "crm"."orders" USING btree ("ordered_at");--> statement-breakpoint
CREATE INDEX "orders_currency_idx" ON "crm"."orders" USING btree ("currency");--> statement-breakpoint
CREATE INDEX "orders_number_trgm" ON "crm"."orders" USING gin ("number" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "owner_events_record_idx" ON "crm"."owner_events" USING btree ("entity","record_id","effective_at");--> statement-breakpoint
CREATE UNIQUE INDEX "pipeline_stages_external_id_key" ON "crm"."pipeline_stages" USING btree ("external_id") WHERE "crm"."pipeline_stages"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "pipeline_stages_created_at_idx" ON "crm"."pipeline_stages" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "pipeline_stages_updated_at_idx" ON "crm"."pipeline_stages" USING btree ("updated_at");--> statement-breakpoint
CREATE UNIQUE INDEX "pipeline_stages_pipeline_code_key" ON "crm"."pipeline_stages" USING btree ("pipeline","code") WHERE "crm"."pipeline_stages"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "pipeline_stages_pipeline_idx" ON "crm"."pipeline_stages" USING btree ("pipeline");--> statement-breakpoint
CREATE INDEX "pipeline_stages_code_idx" ON "crm"."pipeline_stages" USING btree ("code");--> statement-breakpoint
CREATE INDEX "pipeline_stages_position_idx" ON "crm"."pipeline_stages" USING btree ("position");--> statement-breakpoint
CREATE UNIQUE INDEX "product_categories_external_id_key" ON "crm"."product_categories" USING btree ("external_id") WHERE "crm"."product_categories"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "product_categories_created_at_idx" ON "crm"."product_categories" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "product_categories_updated_at_idx" ON "crm"."product_categories" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "product_categories_name_idx" ON "crm"."product_categories" USING btree ("name");--> statement-breakpoint
CREATE INDEX "product_categories_parent_id_idx" ON "crm"."product_categories" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "product_categories_position_idx" ON "crm"."product_categories" USING btree ("position");--> statement-breakpoint
CREATE INDEX "product_categories_name_trgm" ON "crm"."product_categories" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "products_external_id_key" ON "crm"."products" USING btree ("external_id") WHERE "crm"."products"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "products_created_at_idx" ON "crm"."products" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "products_updated_at_idx" ON "crm"."products" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "products_name_idx" ON "crm"."products" USING btree ("name");--> statement-breakpoint
CREATE INDEX "products_code_idx" ON "crm"."products" USING btree ("code");--> statement-breakpoint
CREATE INDEX "products_category_id_idx" ON "crm"."products" USING btree ("category_id");--> statement-breakpoint
CREATE INDEX "products_list_price_idx" ON "crm"."products" USING btree ("list_price");--> statement-breakpoint
CREATE INDEX "products_name_trgm" ON "crm"."products" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "products_code_trgm" ON "crm"."products" USING gin ("code" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "receipts_external_id_key" ON "crm"."receipts" USING btree ("external_id") WHERE "crm"."receipts"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "receipts_created_at_idx" ON "crm"."receipts" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "receipts_updated_at_idx" ON "crm"."receipts" USING btree ("updated_at");--> statement-breakpoint
CREATE UNIQUE INDEX "receipts_number_key" ON "crm"."receipts" USING btree ("number") WHERE "crm"."receipts"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "receipts_number_idx" ON "crm"."receipts" USING btree ("number");--> statement-breakpoint
CREATE INDEX "receipts_customer_id_idx" ON "crm"."receipts" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "receipts_order_id_idx" ON "crm"."receipts" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "receipts_owner_id_idx" ON "crm"."receipts" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "receipts_department_id_idx" ON "crm"."receipts" USING btree ("department_id");--> statement-breakpoint
CREATE INDEX "receipts_received_at_idx" ON "crm"."receipts" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "receipts_amount_idx" ON "crm"."receipts" USING btree ("amount");--> statement-breakpoint
CREATE INDEX "receipts_currency_idx" ON "crm"."receipts" USING btree ("currency");--> statement-breakpoint
CREATE INDEX "receipts_number_trgm" ON "crm"."receipts" USING gin ("number" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "stage_events_record_idx" ON "crm"."stage_events" USING btree ("entity","record_id","effective_at");--> statement-breakpoint
CREATE INDEX "status_events_record_idx" ON "crm"."status_events" USING btree ("entity","record_id","effective_at");--> statement-breakpoint
CREATE UNIQUE INDEX "targets_external_id_key" ON "crm"."targets" USING btree ("external_id") WHERE "crm"."targets"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "targets_created_at_idx" ON "crm"."targets" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "targets_updated_at_idx" ON "crm"."targets" USING btree ("updated_at");--> statement-breakpoint
CREATE UNIQUE INDEX "targets_measure_level_department_id_employee_id_month_key" ON "crm"."targets" USING btree ("measure","level","department_id",coalesce("employee_id", '00000000-0000-0000-0000-000000000000'::uuid),"month") WHERE "crm"."targets"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "targets_department_id_idx" ON "crm"."targets" USING btree ("department_id");--> statement-breakpoint
CREATE INDEX "targets_employee_id_idx" ON "crm"."targets" USING btree ("employee_id");--> statement-breakpoint
CREATE INDEX "targets_month_idx" ON "crm"."targets" USING btree ("month");