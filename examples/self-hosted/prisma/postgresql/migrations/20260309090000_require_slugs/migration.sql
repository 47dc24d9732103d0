-- after-party: requires slug_customers

-- AlterTable
ALTER TABLE "Customer" ALTER COLUMN "slug" SET NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "Customer_slug_key" ON "Customer"("slug");
