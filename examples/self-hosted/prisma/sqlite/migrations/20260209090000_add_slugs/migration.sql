-- AlterTable
ALTER TABLE "Customer" ADD COLUMN "slug" TEXT;
