#include "fuzz/target.hpp"

#include <iterator>

#include "provrun/base/error.hpp"

namespace provrun::fuzz {

bool accepts(const std::function<void()>& read) {
  try {
    read();
    return true;
  } catch (const base::Error& error) {
    require(!error.message().empty() && error.code() != base::ErrorCode::internal);
    return false;
  }
}

std::vector<Target> all_targets() {
  auto targets = repository_targets();
  for (auto more : {record_targets(), machine_targets()})
    targets.insert(targets.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
  return targets;
}

}  // namespace provrun::fuzz
