-- AlterTable
ALTER TABLE "Ticket" ADD COLUMN     "company" TEXT;

-- CreateTable
CREATE TABLE "Inbox" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "Inbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Company" (
    "domain" TEXT NOT NULL,
    "tickets" INTEGER NOT NULL,

    CONSTRAINT "Company_pkey" PRIMARY KEY ("domain")
);

-- CreateIndex
CREATE UNIQUE INDEX "Inbox_name_key" ON "Inbox"("name");
