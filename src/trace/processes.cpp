#include "processes.hpp"

#include "tracee.hpp"

namespace provrun::trace {

void Processes::started(pid_t thread, const std::string& program) {
  const auto kin = kin_of(thread);
  core::ObservedProcess process;
  process.id = static_cast<std::uint32_t>(started_.size()) + 1;
  process.program = program;
  const pid_t self = kin ? kin->process : thread;
  if (const auto before = current_.find(self); before != current_.end())
    process.parent = before->second;  // it replaces itself
  else
    for (pid_t above = kin ? kin->parent : 0; above > 1 && process.parent == 0;) {
      if (const auto known = current_.find(above); known != current_.end()) {
        process.parent = known->second;
        break;
      }
      if (started_.empty()) break;
      const auto next = kin_of(above);
      above = next ? next->parent : 0;
    }
  current_[self] = process.id;
  started_.push_back(std::move(process));
}

}  // namespace provrun::trace
