const { PrismaLibSQL } = require('@prisma/adapter-libsql')
const { PrismaClient } = require('@prisma/client')

const prisma = new PrismaClient({
  adapter: new PrismaLibSQL({ url: process.env.DATABASE_URL, timeout: 5000 }),
})

module.exports = { prisma }
