-- AlterTable
ALTER TABLE "Reader" ADD COLUMN "domain" TEXT;
