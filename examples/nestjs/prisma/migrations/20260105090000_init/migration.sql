-- CreateTable
CREATE TABLE "Invoice" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "netCents" INTEGER NOT NULL,
    "country" TEXT NOT NULL
);
