CREATE TABLE "crm"."amount_events" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."amount_events_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
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
CREATE TABLE "crm"."churn_definitions" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."churn_definitions_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"segment" text,
	"method" text NOT NULL,
	"multiple" numeric(18, 8),
	"days" integer,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "churn_definitions_segment_check" CHECK ("crm"."churn_definitions"."segment" in ('end_customer', 'reseller', 'partner', 'government')),
	CONSTRAINT "churn_definitions_method_check" CHECK ("crm"."churn_definitions"."method" in ('interval', 'contract_end', 'days'))
);
--> statement-breakpoint
CREATE TABLE "crm"."close_reasons" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."close_reasons_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"outcome" text NOT NULL,
	"code" text NOT NULL,
	"name" text NOT NULL,
	"name_en" text NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "close_reasons_outcome_check" CHECK ("crm"."close_reasons"."outcome" in ('won', 'lost'))
);
--> statement-breakpoint
CREATE TABLE "crm"."company_settings" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."company_settings_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"key" text NOT NULL,
	"value" text NOT NULL,
	"note" text,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "crm"."contracts" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."contracts_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"number" text NOT NULL,
	"name" text,
	"customer_id" uuid NOT NULL,
	"opportunity_id" uuid,
	"owner_id" uuid NOT NULL,
	"department_id" uuid,
	"status" text DEFAULT 'draft' NOT NULL,
	"signed_on" date,
	"starts_on" date NOT NULL,
	"ends_on" date NOT NULL,
	"terminated_on" date,
	"termination_reason" text,
	"amount" numeric(18, 2) DEFAULT '0' NOT NULL,
	"currency" text NOT NULL,
	"exchange_rate" numeric(18, 8),
	"renewal_of_id" uuid,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "contracts_status_check" CHECK ("crm"."contracts"."status" in ('draft', 'effective', 'terminated'))
);
--> statement-breakpoint
CREATE TABLE "crm"."customer_events" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."customer_events_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"customer_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"reason" text,
	"occurred_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"owner_id" uuid,
	"note" text,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "customer_events_kind_check" CHECK ("crm"."customer_events"."kind" in ('declared_lost', 'won_back', 'complaint', 'level_changed', 'contract_terminated', 'visit_refused', 'other'))
);
--> statement-breakpoint
CREATE TABLE "crm"."expected_close_events" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."expected_close_events_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
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
CREATE TABLE "crm"."instalments" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."instalments_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"order_id" uuid NOT NULL,
	"sequence" integer NOT NULL,
	"kind" text DEFAULT 'other' NOT NULL,
	"due_on" date NOT NULL,
	"amount" numeric(18, 2) NOT NULL,
	"note" text,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "instalments_kind_check" CHECK ("crm"."instalments"."kind" in ('deposit', 'delivery', 'acceptance', 'retention', 'other'))
);
--> statement-breakpoint
CREATE TABLE "crm"."value_criteria" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."value_criteria_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"segment" text,
	"criterion" text NOT NULL,
	"weight" numeric(18, 8) NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "value_criteria_segment_check" CHECK ("crm"."value_criteria"."segment" in ('end_customer', 'reseller', 'partner', 'government')),
	CONSTRAINT "value_criteria_criterion_check" CHECK ("crm"."value_criteria"."criterion" in ('revenue', 'margin', 'growth', 'payment', 'frequency', 'potential', 'service_cost'))
);
--> statement-breakpoint
CREATE TABLE "crm"."value_tiers" (
	"row_key" integer GENERATED ALWAYS AS IDENTITY (sequence name "crm"."value_tiers_row_key_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"id" uuid PRIMARY KEY DEFAULT crm.uuidv7() NOT NULL,
	"external_id" text,
	"segment" text,
	"tier" text NOT NULL,
	"position" integer NOT NULL,
	"basis" text DEFAULT 'rank_share' NOT NULL,
	"threshold" numeric(18, 8) NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "value_tiers_segment_check" CHECK ("crm"."value_tiers"."segment" in ('end_customer', 'reseller', 'partner', 'government')),
	CONSTRAINT "value_tiers_basis_check" CHECK ("crm"."value_tiers"."basis" in ('rank_share', 'score'))
);
--> statement-breakpoint
ALTER TABLE "crm"."activities" ADD COLUMN "cost" numeric(18, 2);--> statement-breakpoint
ALTER TABLE "crm"."contracts" ADD CONSTRAINT "contracts_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."contracts" ADD CONSTRAINT "contracts_opportunity_id_fkey" FOREIGN KEY ("opportunity_id") REFERENCES "crm"."opportunities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."contracts" ADD CONSTRAINT "contracts_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."contracts" ADD CONSTRAINT "contracts_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "crm"."departments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."contracts" ADD CONSTRAINT "contracts_renewal_of_id_fkey" FOREIGN KEY ("renewal_of_id") REFERENCES "crm"."contracts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."customer_events" ADD CONSTRAINT "customer_events_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "crm"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."customer_events" ADD CONSTRAINT "customer_events_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "crm"."employees"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "crm"."instalments" ADD CONSTRAINT "instalments_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "crm"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "amount_events_record_idx" ON "crm"."amount_events" USING btree ("entity","record_id","effective_at");--> statement-breakpoint
CREATE UNIQUE INDEX "churn_definitions_external_id_key" ON "crm"."churn_definitions" USING btree ("external_id") WHERE "crm"."churn_definitions"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "churn_definitions_created_at_idx" ON "crm"."churn_definitions" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "churn_definitions_updated_at_idx" ON "crm"."churn_definitions" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "churn_definitions_segment_key" ON "crm"."churn_definitions" USING btree (coalesce("segment", '')) WHERE "crm"."churn_definitions"."deleted_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "close_reasons_external_id_key" ON "crm"."close_reasons" USING btree ("external_id") WHERE "crm"."close_reasons"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "close_reasons_created_at_idx" ON "crm"."close_reasons" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "close_reasons_updated_at_idx" ON "crm"."close_reasons" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "close_reasons_outcome_code_key" ON "crm"."close_reasons" USING btree ("outcome","code") WHERE "crm"."close_reasons"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "close_reasons_code_idx" ON "crm"."close_reasons" USING btree ("code");--> statement-breakpoint
CREATE INDEX "close_reasons_position_idx" ON "crm"."close_reasons" USING btree ("position","id");--> statement-breakpoint
CREATE UNIQUE INDEX "company_settings_external_id_key" ON "crm"."company_settings" USING btree ("external_id") WHERE "crm"."company_settings"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "company_settings_created_at_idx" ON "crm"."company_settings" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "company_settings_updated_at_idx" ON "crm"."company_settings" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "company_settings_key_key" ON "crm"."company_settings" USING btree ("key") WHERE "crm"."company_settings"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "company_settings_key_idx" ON "crm"."company_settings" USING btree ("key","id");--> statement-breakpoint
CREATE UNIQUE INDEX "contracts_external_id_key" ON "crm"."contracts" USING btree ("external_id") WHERE "crm"."contracts"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "contracts_created_at_idx" ON "crm"."contracts" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "contracts_updated_at_idx" ON "crm"."contracts" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "contracts_number_key" ON "crm"."contracts" USING btree ("number") WHERE "crm"."contracts"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "contracts_number_idx" ON "crm"."contracts" USING btree ("number","id");--> statement-breakpoint
CREATE INDEX "contracts_customer_id_idx" ON "crm"."contracts" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "contracts_opportunity_id_idx" ON "crm"."contracts" USING btree ("opportunity_id");--> statement-breakpoint
CREATE INDEX "contracts_owner_id_idx" ON "crm"."contracts" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "contracts_department_id_idx" ON "crm"."contracts" USING btree ("department_id");--> statement-breakpoint
CREATE INDEX "contracts_signed_on_idx" ON "crm"."contracts" USING btree ("signed_on","id");--> statement-breakpoint
CREATE INDEX "contracts_starts_on_idx" ON "crm"."contracts" USING btree ("starts_on","id");--> statement-breakpoint
CREATE INDEX "contracts_ends_on_idx" ON "crm"."contracts" USING btree ("ends_on","id");--> statement-breakpoint
CREATE INDEX "contracts_terminated_on_idx" ON "crm"."contracts" USING btree ("terminated_on","id");--> statement-breakpoint
CREATE INDEX "contracts_termination_reason_idx" ON "crm"."contracts" USING btree ("termination_reason");--> statement-breakpoint
CREATE INDEX "contracts_amount_idx" ON "crm"."contracts" USING btree ("amount","id");--> statement-breakpoint
CREATE INDEX "contracts_currency_idx" ON "crm"."contracts" USING btree ("currency");--> statement-breakpoint
CREATE INDEX "contracts_renewal_of_id_idx" ON "crm"."contracts" USING btree ("renewal_of_id");--> statement-breakpoint
CREATE INDEX "contracts_number_trgm" ON "crm"."contracts" USING gin ("number" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "contracts_name_trgm" ON "crm"."contracts" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "customer_events_external_id_key" ON "crm"."customer_events" USING btree ("external_id") WHERE "crm"."customer_events"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "customer_events_created_at_idx" ON "crm"."customer_events" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "customer_events_updated_at_idx" ON "crm"."customer_events" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "customer_events_customer_id_idx" ON "crm"."customer_events" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "customer_events_reason_idx" ON "crm"."customer_events" USING btree ("reason");--> statement-breakpoint
CREATE INDEX "customer_events_occurred_at_idx" ON "crm"."customer_events" USING btree ("occurred_at","id");--> statement-breakpoint
CREATE INDEX "customer_events_owner_id_idx" ON "crm"."customer_events" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "expected_close_events_record_idx" ON "crm"."expected_close_events" USING btree ("entity","record_id","effective_at");--> statement-breakpoint
CREATE UNIQUE INDEX "instalments_external_id_key" ON "crm"."instalments" USING btree ("external_id") WHERE "crm"."instalments"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "instalments_created_at_idx" ON "crm"."instalments" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "instalments_updated_at_idx" ON "crm"."instalments" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "instalments_order_id_sequence_key" ON "crm"."instalments" USING btree ("order_id","sequence") WHERE "crm"."instalments"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "instalments_order_id_idx" ON "crm"."instalments" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "instalments_sequence_idx" ON "crm"."instalments" USING btree ("sequence","id");--> statement-breakpoint
CREATE INDEX "instalments_due_on_idx" ON "crm"."instalments" USING btree ("due_on","id");--> statement-breakpoint
CREATE INDEX "instalments_amount_idx" ON "crm"."instalments" USING btree ("amount","id");--> statement-breakpoint
CREATE UNIQUE INDEX "value_criteria_external_id_key" ON "crm"."value_criteria" USING btree ("external_id") WHERE "crm"."value_criteria"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "value_criteria_created_at_idx" ON "crm"."value_criteria" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "value_criteria_updated_at_idx" ON "crm"."value_criteria" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "value_criteria_segment_criterion_key" ON "crm"."value_criteria" USING btree (coalesce("segment", ''),"criterion") WHERE "crm"."value_criteria"."deleted_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "value_tiers_external_id_key" ON "crm"."value_tiers" USING btree ("external_id") WHERE "crm"."value_tiers"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "value_tiers_created_at_idx" ON "crm"."value_tiers" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "value_tiers_updated_at_idx" ON "crm"."value_tiers" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "value_tiers_segment_tier_key" ON "crm"."value_tiers" USING btree (coalesce("segment", ''),"tier") WHERE "crm"."value_tiers"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "value_tiers_tier_idx" ON "crm"."value_tiers" USING btree ("tier");--> statement-breakpoint
CREATE INDEX "value_tiers_position_idx" ON "crm"."value_tiers" USING btree ("position","id");--> statement-breakpoint
INSERT INTO "crm"."amount_events" ("entity", "record_id", "to_value", "effective_at", "recorded_at")
SELECT 'opportunity', "id", "amount"::text, "created_at", "recorded_at" FROM "crm"."opportunities" ORDER BY "row_key";--> statement-breakpoint
INSERT INTO "crm"."expected_close_events" ("entity", "record_id", "to_value", "effective_at", "recorded_at")
SELECT 'opportunity', "id", "expected_close_on"::text, "created_at", "recorded_at" FROM "crm"."opportunities" WHERE "expected_close_on" IS NOT NULL ORDER BY "row_key";
