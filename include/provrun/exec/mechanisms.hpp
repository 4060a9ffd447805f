#pragma once

#include <string>
#include <vector>

namespace provrun::exec {

/// Whether this machine lets us observe in one way.
struct MechanismFact {
  std::string name;    ///< as in --trace
  bool works = false;  ///< tried just now
  std::string detail;  ///< what it sees, or why it does not work
};
/// Every mechanism, the best first. Tries each on a process of its own; throws nothing.
std::vector<MechanismFact> mechanisms();

}  // namespace provrun::exec
