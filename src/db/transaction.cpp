#include "provrun/db/transaction.hpp"

#include "connection.hpp"
#include "provrun/base/error.hpp"

namespace provrun::db {

Transaction::Transaction(Database& database, Kind kind)
    : database_(database), nested_(database.in_transaction()) {
  if (nested_) {
    database_.execute("SAVEPOINT nested");
  } else {
    database_.statement(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN").run();
  }
}

Transaction::~Transaction() {
  if (!open_) return;
  ++database_.state_->rollbacks;
  try {
    if (nested_) {
      database_.execute("ROLLBACK TO nested; RELEASE nested");
    } else if (database_.in_transaction()) {  // a full disk has ended it already
      database_.statement("ROLLBACK").run();
    }
  } catch (const base::Error&) {
    // The connection is past use; closing it rolls back.
  }
}

void Transaction::commit() {
  if (nested_) {
    database_.execute("RELEASE nested");
  } else {
    database_.statement("COMMIT").run();
  }
  open_ = false;
}

}  // namespace provrun::db
