-- after-party: requires locate_customers, name_domains

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Customer" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "domain" TEXT NOT NULL DEFAULT '',
    "street" TEXT NOT NULL,
    "city" TEXT NOT NULL,
    "latitude" REAL NOT NULL,
    "longitude" REAL NOT NULL
);
INSERT INTO "new_Customer" ("city", "domain", "email", "id", "latitude", "longitude", "name", "slug", "street") SELECT "city", "domain", "email", "id", "latitude", "longitude", "name", "slug", "street" FROM "Customer";
DROP TABLE "Customer";
ALTER TABLE "new_Customer" RENAME TO "Customer";
CREATE UNIQUE INDEX "Customer_email_key" ON "Customer"("email");
CREATE UNIQUE INDEX "Customer_slug_key" ON "Customer"("slug");
CREATE INDEX "Customer_domain_idx" ON "Customer"("domain");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
