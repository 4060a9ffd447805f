#pragma once

#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access_table.hpp"
#include "call_shapes.hpp"
#include "processes.hpp"
#include "provrun/trace/recorder.hpp"
#include "resolver.hpp"
#include "tracee.hpp"

namespace provrun::trace {

class Recorder::State {
 public:
  State(std::string workspace, DeferredHasher& hasher, std::shared_ptr<std::uint64_t> changes)
      : table_(std::move(workspace), hasher),
        resolver_([this](const auto& link, const auto& target) {
          if (!link.path.starts_with("/proc/")) table_.follow(link, target);
        }),
        changes_(std::move(changes)) {}

  Answer handle(const SystemCall& call);
  void announced(const Announced& call);
  void lower(core::Grade grade, const std::string& reason);
  core::Observation finish();

  // A path as a process says it: absolute, not yet followed.
  using Follow = Resolver::Follow;
  struct Named {
    std::string path;
    Follow follow = Follow::yes;
  };
  void look(const Named& named);
  void open(const Named& named, int flags);
  void execute(const Named& named, int depth = 0);

  pid_t thread_ = 0;
  bool announcements_ = false;  // programs have the library that announces
  bool makes_ = false;          // makes read the makefile that tells recipes apart
  bool views_may_change_ = false;

 private:
  Found find(const Named& named);
  Entry* remembered(const Named& named);
  void remember(const Named& named, Entry& entry);
  // below: an absolute path, too, begins at the directory.
  std::optional<Named> name(const SystemCall& call, int directory, int path, Follow follow,
                            bool below = false);
  const View& view();
  bool visible(Found& found);
  void paths_change();
  void forget_paths();

  void open_call(const SystemCall& call, const CallShape& shape);
  void read_link(const Named& named);
  void rename(const Named& from, const Named& to, int flags);
  void move(const Found& from, const Found& to, bool replaces);
  void move_tree(const Found& from, const Found& to);
  void link(const Named& from, const Named& to);
  void symlink(const Named& at);
  void remove(const Named& named);
  void make(const Named& named);
  void truncate(const Named& named, std::uint64_t size);
  void list(int descriptor);
  void examine_program(const Found& found, Entry& entry, int depth);
  void start(const SystemCall& call, const Named& program);
  void announced_open(const Named& named, const Announced& call);
  void connect(std::uint64_t address, std::uint64_t size);

  void settle_paths();

 public:
  AccessTable table_;

 private:
  Resolver resolver_;
  Processes processes_;
  // By the path as it was said, which lies in the table or in names_.
  std::unordered_map<std::string_view, Entry*> followed_;
  std::unordered_map<std::string_view, Entry*> not_followed_;
  std::deque<std::string> names_;
  std::unordered_map<pid_t, View> views_;
  bool library_unfit_ = false;  // for the program that is about to start
  Answer answer_ = Answer::go_on;
  bool unsettled_ = false;                  // the last call may have changed what paths lead to
  std::shared_ptr<std::uint64_t> changes_;  // how often that was so, in all parts of the job
  std::uint64_t seen_changes_ = 0;
  std::set<std::string> network_;
  core::Grade grade_ = core::Grade::traced;
  std::string reason_;
};

}  // namespace provrun::trace
