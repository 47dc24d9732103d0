-- AlterTable
ALTER TABLE "Customer" ADD COLUMN     "e164" TEXT;

-- AlterTable
ALTER TABLE "Product" ADD COLUMN     "slug" TEXT;

-- AlterTable
ALTER TABLE "Order" ADD COLUMN     "currency" TEXT,
ADD COLUMN     "totalCents" INTEGER;

-- CreateTable
CREATE TABLE "Bestseller" (
    "productId" INTEGER NOT NULL,
    "sold" INTEGER NOT NULL,

    CONSTRAINT "Bestseller_pkey" PRIMARY KEY ("productId")
);

-- CreateIndex
CREATE UNIQUE INDEX "Product_slug_key" ON "Product"("slug");

-- AddForeignKey
ALTER TABLE "Bestseller" ADD CONSTRAINT "Bestseller_productId_fkey" FOREIGN KEY ("productId") REFERENCES "Product"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
