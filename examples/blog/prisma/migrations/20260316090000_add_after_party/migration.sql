-- CreateTable
CREATE TABLE "after_party_task_records" (
    "version" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "startedAt" DATETIME,
    "finishedAt" DATETIME,
    "error" TEXT,
    "checksum" TEXT,
    "owner" TEXT,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "leaseUntil" DATETIME,
    "cursor" TEXT,
    "processed" BIGINT NOT NULL DEFAULT 0,
    "total" BIGINT,
    "deployId" TEXT
);

-- CreateTable
CREATE TABLE "after_party_task_runs" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "version" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "fence" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "startedAt" DATETIME NOT NULL,
    "finishedAt" DATETIME,
    "owner" TEXT NOT NULL,
    "deployId" TEXT,
    "processed" BIGINT NOT NULL DEFAULT 0,
    "error" TEXT,
    "log" TEXT
);

-- CreateIndex
CREATE INDEX "after_party_task_runs_version_idx" ON "after_party_task_runs"("version");


