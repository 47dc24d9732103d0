-- AlterTable
ALTER TABLE "Team" ADD COLUMN "key" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "Team_key_key" ON "Team"("key");
