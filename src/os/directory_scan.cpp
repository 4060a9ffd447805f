#include "provrun/os/directory_scan.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "provrun/base/text.hpp"

namespace provrun::os {

namespace {
constexpr std::size_t kOpenDirectories =
    48;  // the innermost ones; the rest is opened again by ".."
}

DirectoryScan::DirectoryScan(std::shared_ptr<const Directory> root) {
  const auto path = root->path();
  Frame frame;
  frame.directory = std::move(root);
  frame.path = path;
  frames_.push_back(std::move(frame));
}

DirectoryScan::Event DirectoryScan::problem(const base::Error& error, const std::string& path) {
  error_ = error;
  problem_path_ = path;
  return Event::problem;
}

void DirectoryScan::close_far() {
  if (frames_.size() <= kOpenDirectories) return;
  frames_[frames_.size() - kOpenDirectories - 1].directory.reset();
}

// The way back up after a deep descent: ".." of the child, which must be the directory we came
// from.
bool DirectoryScan::reopen(const Directory* child) {
  auto& frame = frames_.back();
  if (frame.directory || frame.failed) return true;
  try {
    if (child == nullptr)
      throw base::Error(base::ErrorCode::conflict, "the way back to it is lost");
    auto parent = std::make_shared<Directory>(child->open_parent(frame.path));
    const auto stat = parent->own_stat();
    if (stat.inode != frame.inode || stat.device != frame.device)
      throw base::Error(base::ErrorCode::conflict,
                        base::printable(frame.path) + " was moved while it was gone through");
    frame.directory = std::move(parent);
    return true;
  } catch (const base::Error& error) {
    frame.failed = true;
    problem(error, frame.path);
    return false;
  }
}

bool DirectoryScan::push(std::shared_ptr<const Directory> directory, std::string path) {
  Frame frame;
  frame.directory = std::move(directory);
  frame.path = std::move(path);
  try {
    const auto stat = frame.directory->own_stat();
    frame.device = stat.device;
    frame.inode = stat.inode;
    frame.names = frame.directory->names();
    if (frame.names.size() > UINT32_MAX)
      throw base::Error(base::ErrorCode::unsupported,
                        base::printable(frame.path) + " has more than 4 GB of names");
    const auto* names = frame.names.data();
    for (std::size_t at = 0; at < frame.names.size(); at += std::strlen(names + at) + 1)
      frame.order.push_back(static_cast<std::uint32_t>(at));
    std::sort(frame.order.begin(), frame.order.end(),
              [&](auto a, auto b) { return std::strcmp(names + a, names + b) < 0; });
  } catch (const base::Error& error) {
    frame.failed = true;
    problem(error, frame.path);
  }
  const bool good = !frame.failed;
  frames_.push_back(std::move(frame));
  close_far();
  return good;
}

DirectoryScan::Event DirectoryScan::next() {
  if (!std::exchange(root_listed_, true)) {
    auto root = std::move(frames_.back());
    frames_.clear();
    if (!push(std::move(root.directory), std::move(root.path))) return Event::problem;
  }
  if (std::exchange(enter_, false)) {
    auto& outer = frames_.back();
    auto path = join_path(outer.path, name_);
    try {
      auto directory = std::make_shared<Directory>(outer.directory->open_directory(name_));
      if (!push(std::move(directory), std::move(path))) return Event::problem;
    } catch (const base::Error& error) {
      Frame frame;
      frame.path = path;
      frame.failed = true;
      frames_.push_back(std::move(frame));
      return problem(error, path);
    }
  }
  if (std::exchange(lost_, false)) return Event::problem;
  while (!frames_.empty()) {
    auto& frame = frames_.back();
    if (frame.failed || frame.next == frame.order.size()) {
      const auto closed = std::move(frame.directory);
      frames_.pop_back();
      if (frames_.empty()) return Event::end;
      lost_ = !reopen(closed.get());
      return Event::leave;
    }
    name_ = frame.names.c_str() + frame.order[frame.next++];
    try {
      const auto stat = frame.directory->lstat(name_);
      if (!stat) continue;  // it has gone meanwhile
      stat_ = *stat;
      return Event::entry;
    } catch (const base::Error& error) {
      return problem(error, join_path(frame.path, name_));
    }
  }
  return Event::end;
}

}  // namespace provrun::os
