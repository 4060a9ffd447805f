#include "provrun/trace/recorders.hpp"

#include "call_shapes.hpp"
#include "recipes.hpp"

namespace provrun::trace {

Recorders::Recorders(const std::string& workspace, DeferredHasher& hasher,
                     std::shared_ptr<core::RecipeWatcher> watcher, int launcher,
                     std::string mechanism) {
  auto changes = std::make_shared<std::uint64_t>(0);
  main_ = std::make_unique<Recorder>(workspace, hasher, changes);
  if (!watcher) return;
  main_->expect_makes();
  recipes_ = std::make_unique<Recipes>(workspace, hasher, std::move(watcher), launcher,
                                       std::move(mechanism), std::move(changes), *main_);
}
Recorders::~Recorders() = default;

std::string Recorders::makefiles_value() {
  return kTargetsPath;
}
std::string Recorders::variable() {
  return kTargetVariable;
}

Recorder& Recorders::of(std::uint32_t part) {
  return recipes_ ? recipes_->of(part) : *main_;
}

std::uint32_t Recorders::part_of(int thread) {
  return recipes_ ? recipes_->part_of(thread) : 0;
}

Recorder::Answer Recorders::handle(const SystemCall& call) {
  if (!recipes_) return main_->handle(call);
  if (const auto* shape = find_call(call.abi, call.number)) recipes_->take(call, shape->call);
  return of(part_of(call.thread)).handle(call);
}

int Recorders::ending_process() const {
  return recipes_ ? recipes_->ending_process() : 0;
}

void Recorders::expect_announcements() {
  main_->expect_announcements();
  if (recipes_) recipes_->expect_announcements();
}

bool Recorders::views_may_change() const {
  return main_->views_may_change() || (recipes_ && recipes_->views_may_change());
}

void Recorders::lower_grade(const std::string& reason) {
  main_->lower_grade(reason);
  if (recipes_) recipes_->lower_grade(reason);
}

const os::File* Recorders::targets_for(int thread) {
  return recipes_ ? recipes_->targets_for(thread) : nullptr;
}

const os::File* Recorders::notes_of(int thread) {
  return recipes_ ? recipes_->notes_of(thread) : nullptr;
}

void Recorders::look_around() {
  if (recipes_) recipes_->look_around();
}

core::Observation Recorders::finish(const core::Attempt& make) {
  if (recipes_) recipes_->finish(make);
  return main_->finish();
}

}  // namespace provrun::trace
