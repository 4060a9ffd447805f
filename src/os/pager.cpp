#include "provrun/os/pager.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/process.hpp"
#include "provrun/os/signals.hpp"

namespace provrun::os {

struct Pager::State {
  InterruptCounter interrupts;  // Ctrl-C is for the pager
  int old_output = -1;
  pid_t process = 0;
  bool reaped = false;
};

Pager::Pager(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<Pager> Pager::start(
    const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& defaults) {
  const auto program = arguments.empty() ? std::nullopt : find_program(arguments[0]);
  if (!program) return nullptr;
  EnvironmentList list = environment_variables();
  for (const auto& [name, value] : defaults)
    if (!environment_variable(name)) list.emplace_back(name, value);
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return nullptr;
  auto state = std::make_unique<State>();
  SpawnRequest request;
  request.program = *program;
  request.arguments = arguments;
  request.environment = &list;
  request.stdin_fd = ends[0];
  request.group = ProcessGroup::inherit;
  try {
    state->process = spawn(request);
  } catch (const base::Error&) {
    ::close(ends[0]);
    ::close(ends[1]);
    return nullptr;
  }
  ::close(ends[0]);
  state->old_output = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  ::dup2(ends[1], STDOUT_FILENO);
  ::close(ends[1]);
  return std::unique_ptr<Pager>(new Pager(std::move(state)));
}

bool Pager::ended() {
  if (!state_->reaped && try_reap(state_->process)) state_->reaped = true;
  return state_->reaped;
}

Pager::~Pager() {
  ::dup2(state_->old_output, STDOUT_FILENO);  // closes the pipe, which tells the pager the end
  ::close(state_->old_output);
  if (state_->reaped) return;
  try {
    reap(state_->process);
  } catch (const base::Error&) {  // somebody else has waited for it
  }
}

std::vector<std::string> pager_words(const std::string& command) {
  if (base::trim(command).empty() || base::trim(command) == "cat") return {};
  if (command.find_first_of("|&;<>()$`\\\"'*?[#~=%\n") != std::string::npos)
    return {"sh", "-c", command};
  std::vector<std::string> words;
  for (const auto word : base::split(command, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

}  // namespace provrun::os
