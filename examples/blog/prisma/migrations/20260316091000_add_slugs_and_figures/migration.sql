-- AlterTable
ALTER TABLE "Post" ADD COLUMN "slug" TEXT;

-- CreateTable
CREATE TABLE "Figure" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" INTEGER NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "Post_slug_key" ON "Post"("slug");


