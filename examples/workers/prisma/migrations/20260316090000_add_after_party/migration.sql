-- CreateTable
CREATE TABLE "after_party_task_records" (
    "version" TEXT NOT NULL,
    "partOf" TEXT,
    "part" INTEGER,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT,
    "reasonText" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "startedAt" TIMESTAMP(3),
    "finishedAt" TIMESTAMP(3),
    "error" TEXT,
    "checksum" TEXT,
    "owner" TEXT,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "leaseUntil" TIMESTAMP(3),
    "checkpoint" TEXT,
    "processed" BIGINT NOT NULL DEFAULT 0,
    "total" BIGINT,
    "changedMeanwhile" BIGINT NOT NULL DEFAULT 0,
    "skippedRows" TEXT,
    "state" TEXT,
    "params" TEXT,
    "lane" TEXT,
    "seenAt" TIMESTAMP(3),
    "request" TEXT,
    "requestedBy" TEXT,
    "requestedAt" TIMESTAMP(3),
    "requestReason" TEXT,
    "deployId" TEXT,
    "runner" TEXT,

    CONSTRAINT "after_party_task_records_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "after_party_task_runs" (
    "id" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "part" INTEGER,
    "name" TEXT NOT NULL,
    "fence" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT,
    "reasonText" TEXT,
    "startedAt" TIMESTAMP(3) NOT NULL,
    "finishedAt" TIMESTAMP(3),
    "owner" TEXT NOT NULL,
    "deployId" TEXT,
    "processed" BIGINT NOT NULL DEFAULT 0,
    "changedMeanwhile" BIGINT NOT NULL DEFAULT 0,
    "skippedRows" TEXT,
    "error" TEXT,
    "log" TEXT,
    "params" TEXT,
    "runner" TEXT,

    CONSTRAINT "after_party_task_runs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "after_party_task_runs_version_idx" ON "after_party_task_runs"("version");

-- CreateIndex
CREATE INDEX "after_party_task_runs_startedAt_idx" ON "after_party_task_runs"("startedAt");
