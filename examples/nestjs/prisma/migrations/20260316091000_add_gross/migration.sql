-- AlterTable
ALTER TABLE "Invoice" ADD COLUMN "grossCents" INTEGER;
