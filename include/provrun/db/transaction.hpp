#pragma once

#include "provrun/db/database.hpp"

namespace provrun::db {

/// All or nothing: rolled back at the end of its life unless committed. Inside another transaction
/// it is a savepoint of that one. Must not outlive its Database; nested ones end innermost first.
class Transaction {
 public:
  enum class Kind {
    read,   ///< one consistent view for several queries
    write,  ///< takes the write lock at once, so that it cannot fail half way for want of it
  };
  explicit Transaction(Database& database, Kind kind = Kind::write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database& database_;
  bool nested_;
  bool open_ = true;
};

}  // namespace provrun::db
