-- AlterTable
ALTER TABLE "Entry" ADD COLUMN "excerpt" TEXT;
