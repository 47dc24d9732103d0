-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Customer" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "domain" TEXT NOT NULL DEFAULT '',
    "street" TEXT,
    "city" TEXT,
    "latitude" REAL,
    "longitude" REAL
);
INSERT INTO "new_Customer" ("address", "email", "id", "name", "slug") SELECT "address", "email", "id", "name", "slug" FROM "Customer";
DROP TABLE "Customer";
ALTER TABLE "new_Customer" RENAME TO "Customer";
CREATE UNIQUE INDEX "Customer_email_key" ON "Customer"("email");
CREATE UNIQUE INDEX "Customer_slug_key" ON "Customer"("slug");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
