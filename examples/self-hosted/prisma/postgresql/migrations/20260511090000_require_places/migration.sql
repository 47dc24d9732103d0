-- after-party: requires locate_customers, name_domains

-- AlterTable
ALTER TABLE "Customer" DROP COLUMN "address",
ALTER COLUMN "street" SET NOT NULL,
ALTER COLUMN "city" SET NOT NULL,
ALTER COLUMN "latitude" SET NOT NULL,
ALTER COLUMN "longitude" SET NOT NULL;

-- CreateIndex
CREATE INDEX "Customer_domain_idx" ON "Customer"("domain");
