#pragma once

#include "provrun/db/database.hpp"

namespace provrun::catalog {

/// The schema of state.db with its history.
const db::Schema& state_schema();

}  // namespace provrun::catalog
