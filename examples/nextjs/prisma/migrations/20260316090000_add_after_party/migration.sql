-- CreateTable
CREATE TABLE "after_party_task_records" (
    "version" TEXT NOT NULL PRIMARY KEY,
    "partOf" TEXT,
    "part" INTEGER,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT,
    "reasonText" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "startedAt" DATETIME,
    "finishedAt" DATETIME,
    "error" TEXT,
    "checksum" TEXT,
    "owner" TEXT,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "leaseUntil" DATETIME,
    "checkpoint" TEXT,
    "processed" BIGINT NOT NULL DEFAULT 0,
    "total" BIGINT,
    "changedMeanwhile" BIGINT NOT NULL DEFAULT 0,
    "skippedRows" TEXT,
    "state" TEXT,
    "params" TEXT,
    "lane" TEXT,
    "seenAt" DATETIME,
    "request" TEXT,
    "requestedBy" TEXT,
    "requestedAt" DATETIME,
    "requestReason" TEXT,
    "deployId" TEXT,
    "runner" TEXT
);

-- CreateTable
CREATE TABLE "after_party_task_runs" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "version" TEXT NOT NULL,
    "part" INTEGER,
    "name" TEXT NOT NULL,
    "fence" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT,
    "reasonText" TEXT,
    "startedAt" DATETIME NOT NULL,
    "finishedAt" DATETIME,
    "owner" TEXT NOT NULL,
    "deployId" TEXT,
    "processed" BIGINT NOT NULL DEFAULT 0,
    "changedMeanwhile" BIGINT NOT NULL DEFAULT 0,
    "skippedRows" TEXT,
    "error" TEXT,
    "log" TEXT,
    "params" TEXT,
    "runner" TEXT
);

-- CreateIndex
CREATE INDEX "after_party_task_runs_version_idx" ON "after_party_task_runs"("version");

-- CreateIndex
CREATE INDEX "after_party_task_runs_startedAt_idx" ON "after_party_task_runs"("startedAt");
