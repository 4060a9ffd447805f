#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/base/error.hpp"

// Explores every interleaving of several programs over one simulated store, breadth first, those
// with fewer preemptions (turns taken from a program that could go on) before those with more. The
// programs are real code over a Backend. Each operation of a program on the store is one step; what
// a program does next depends only on the results of its operations so far, so a state is the
// store's objects and, per program, the history of results. To find a program's next operation it
// is run from its beginning with the results of its history and unwound when they are used up; that
// is remembered per history, and there are far fewer histories than states.
namespace provrun::test {

using Objects = std::map<std::string, std::string>;

class Interleavings {
 public:
  /// What a program sees: the store, and choices that are all explored.
  class Actor : public backend::Backend {
   public:
    explicit Actor(Interleavings& world, std::vector<std::uint32_t> results)
        : world_(world), results_(std::move(results)) {}

    /// One of 0 … count - 1.
    std::size_t choose(std::size_t count) {
      if (count == 1) return 0;
      return std::stoul(next({.kind = Kind::choose, .count = count}));
    }

    std::string location() const override { return "simulated"; }
    std::unique_ptr<backend::Upload> upload() override { return std::make_unique<Pending>(*this); }
    bool copy(const std::string& from, const std::string& to) override {
      const auto result = next({.kind = Kind::copy, .name = to, .text = from});
      if (result == "gone") throw base::Error(base::ErrorCode::not_found, from + " is not there");
      return result == "1";
    }
    void barrier() override {}
    void rely_on(const std::string&) override {}
    std::optional<std::uint64_t> size_of(const std::string& name) override {
      const auto result = next({.kind = Kind::size, .name = name});
      if (result == "gone") return std::nullopt;
      return std::stoull(result);
    }
    void read(const std::string& name, std::uint64_t offset,
              std::span<std::uint8_t> buffer) override {
      const auto result = next({.kind = Kind::read, .name = name});
      if (result == "gone") throw base::Error(base::ErrorCode::not_found, name + " is not there");
      std::copy_n(result.begin() + 1 + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                  buffer.begin());
    }
    std::vector<std::string> list(const std::string& directory) override {
      std::vector<std::string> names;
      const auto text = next({.kind = Kind::list, .name = directory});
      for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        names.push_back(text.substr(at, end - at));
        at = end + 1;
      }
      return names;
    }
    bool remove(const std::string& name) override {
      return next({.kind = Kind::remove, .name = name}) == "1";
    }

   private:
    friend class Interleavings;
    enum class Kind { create, copy, size, read, list, remove, choose };
    struct Operation {
      Kind kind = Kind::size;
      std::string name = {};
      std::string text = {};
      std::size_t count = 0;
    };
    struct Stop {
      Operation operation;
    };
    class Pending : public backend::Upload {
     public:
      explicit Pending(Actor& actor) : actor_(actor) {}
      void append(std::span<const std::uint8_t> bytes) override {
        bytes_.append(bytes.begin(), bytes.end());
      }
      bool publish(const std::string& name) override {
        return actor_.next({.kind = Kind::create, .name = name, .text = bytes_}) == "1";
      }

     private:
      Actor& actor_;
      std::string bytes_;
    };

    std::string next(Operation operation) {
      if (at_ == results_.size()) throw Stop{std::move(operation)};
      return world_.texts_[results_[at_++]];
    }

    Interleavings& world_;
    std::vector<std::uint32_t> results_;
    std::size_t at_ = 0;
  };

  using Program = std::function<void(Actor&)>;

  /// Turns what create() would do into something else: the object's new bytes, whether it is
  /// written although the name is taken, and what the caller is told.
  struct Creation {
    std::string bytes;
    bool overwrite = false;
    bool ignore = false;  ///< nothing happens, and the caller is told that it did
  };
  std::function<void(const Objects&, const std::string& name, Creation&)> alter;

  /// Bytes to pretend an object has that is not there.
  std::function<std::optional<std::string>(const std::string& name)> pretend;

  /// Objects whose names begin so are never removed once they are there: looking for one that is
  /// there, and reading it, needs no step of its own.
  std::vector<std::string> permanent;
  /// Directories whose listing takes no step, because nothing in them changes.
  std::vector<std::string> quiet;

  struct Result {
    std::uint64_t states = 0;
    int preemptions = -1;     ///< all interleavings with at most so many have been explored
    std::uint64_t ended = 0;  ///< states in which every program has ended
    bool complete = false;
    std::optional<std::string> violation;
    std::vector<std::string> failures;  ///< errors that programs ended with, each once
  };

  /// `bad` is asked about the objects of every state.
  Result explore(const Objects& start, const std::vector<Program>& programs,
                 const std::function<std::optional<std::string>(const Objects&)>& bad,
                 std::uint64_t limit) {
    programs_ = &programs;
    Result result;
    State first{};
    first.objects = intern_objects(start);
    for (std::size_t i = 0; i < programs.size(); ++i) first.history[i] = root_of(i);
    std::unordered_set<State, StateHash> seen{first};
    std::vector<std::deque<State>> queues(1);
    queues[0].push_back(first);
    std::unordered_set<std::uint32_t> judged;
    for (std::size_t preemptions = 0; preemptions < queues.size(); ++preemptions) {
      while (!queues[preemptions].empty()) {
        if (result.states >= limit) return result;
        const auto state = queues[preemptions].front();
        queues[preemptions].pop_front();
        ++result.states;
        if (judged.insert(state.objects).second) {
          if (auto what = bad(objects_[state.objects])) {
            result.violation = std::move(what);
            return result;
          }
        }
        const bool could_go_on =
            state.last != kNobody && next_of(state.last, state.history[state.last]).operation;
        bool all_ended = true;
        for (std::size_t i = 0; i < programs.size(); ++i) {
          const auto& next = next_of(i, state.history[i]);
          if (!next.operation) {
            if (!next.failure.empty() && failures_.insert(next.failure).second)
              result.failures.push_back(next.failure);
            continue;
          }
          all_ended = false;
          const auto cost = preemptions + (could_go_on && i != state.last ? 1 : 0);
          if (queues.size() <= cost) queues.resize(cost + 1);
          const std::size_t count =
              next.operation->kind == Actor::Kind::choose ? next.operation->count : 1;
          for (std::size_t choice = 0; choice < count; ++choice) {
            auto after = state;
            after.last = static_cast<std::uint32_t>(i);
            step(i, after, choice);
            if (seen.insert(after).second) queues[cost].push_back(after);
          }
        }
        if (all_ended) ++result.ended;
      }
      result.preemptions = static_cast<int>(preemptions);
    }
    result.complete = true;
    return result;
  }

 private:
  static constexpr std::uint32_t kNobody = 4;
  struct State {
    std::uint32_t objects = 0;
    std::array<std::uint32_t, 4> history{};
    std::uint32_t last = kNobody;
    bool operator==(const State&) const = default;
  };
  struct StateHash {
    std::size_t operator()(const State& state) const {
      std::uint64_t h = state.objects * 8ULL + state.last;
      for (const auto part : state.history) h = (h ^ part) * 0x9E3779B97F4A7C15U ^ (h >> 29U);
      return h ^ (h >> 32U);
    }
  };
  struct Next {
    bool known = false;
    std::optional<Actor::Operation> operation;  ///< nothing: the program has ended
    std::string failure;
  };
  struct History {
    std::uint32_t parent = 0;
    std::uint32_t result = 0;
    bool is_root = false;
    Next next = {};
  };

  std::uint32_t intern(const std::string& text) {
    const auto [found, added] = text_numbers_.emplace(text, texts_.size());
    if (added) texts_.push_back(text);
    return found->second;
  }
  std::uint32_t intern_objects(const Objects& objects) {
    std::string key;
    for (const auto& [name, bytes] : objects) {
      const std::uint32_t pair[] = {intern(name), intern(bytes)};
      key.append(reinterpret_cast<const char*>(pair), sizeof pair);
    }
    const auto [found, added] = object_numbers_.emplace(key, objects_.size());
    if (added) objects_.push_back(objects);
    return found->second;
  }
  std::uint32_t root_of(std::size_t program) {
    histories_.push_back({.parent = static_cast<std::uint32_t>(program), .is_root = true});
    return static_cast<std::uint32_t>(histories_.size() - 1);
  }
  std::uint32_t extend(std::uint32_t history, std::uint32_t result) {
    const auto key = std::uint64_t{history} << 32U | result;
    const auto [found, added] = extended_.emplace(key, histories_.size());
    if (added) histories_.push_back({.parent = history, .result = result});
    return found->second;
  }

  const Next& next_of(std::size_t program, std::uint32_t history) {
    if (histories_[history].next.known) return histories_[history].next;
    std::vector<std::uint32_t> results;
    for (auto at = history; !histories_[at].is_root; at = histories_[at].parent)
      results.insert(results.begin(), histories_[at].result);
    Next next;
    next.known = true;
    Actor actor(*this, std::move(results));
    try {
      (*programs_)[program](actor);
    } catch (const typename Actor::Stop& stop) {
      next.operation = stop.operation;
    } catch (const base::Error& error) {
      next.failure = error.message();
    }
    histories_[history].next = std::move(next);
    return histories_[history].next;
  }

  bool is_permanent(const std::string& name) const {
    for (const auto& prefix : permanent)
      if (name.starts_with(prefix)) return !is_claim(name);
    return false;
  }
  static bool is_claim(const std::string& name) {
    const auto slash = name.rfind('/');
    return name.starts_with("epochs/") && name[slash + 1] == 'w' && !name.ends_with(".end");
  }

  // An operation that commutes with everything others may do needs no state before it.
  bool is_free(const Actor::Operation& operation, const Objects& objects) const {
    using Kind = Actor::Kind;
    if (operation.kind == Kind::size || operation.kind == Kind::read)
      return is_permanent(operation.name) && objects.contains(operation.name);
    if (operation.kind == Kind::list)
      for (const auto& prefix : quiet)
        if (operation.name.starts_with(prefix)) return true;
    return false;
  }

  std::string perform(const Actor::Operation& operation, Objects& objects) {
    using Kind = Actor::Kind;
    const auto found = objects.find(operation.name);
    switch (operation.kind) {
      case Kind::create: {
        Creation creation{operation.text};
        if (alter) alter(objects, operation.name, creation);
        if (creation.ignore) return "1";
        if (found != objects.end() && !creation.overwrite) return "0";
        objects[operation.name] = creation.bytes;
        return "1";
      }
      case Kind::copy: {
        const auto from = objects.find(operation.text);
        if (from == objects.end()) return "gone";
        return objects.emplace(operation.name, from->second).second ? "1" : "0";
      }
      case Kind::size:
      case Kind::read: {
        std::optional<std::string> bytes;
        if (found != objects.end()) {
          bytes = found->second;
        } else if (pretend) {
          bytes = pretend(operation.name);
        }
        if (!bytes) return "gone";
        return operation.kind == Kind::size ? std::to_string(bytes->size()) : "=" + *bytes;
      }
      case Kind::remove:
        return objects.erase(operation.name) > 0 ? "1" : "0";
      case Kind::list: {
        std::set<std::string> names;
        const auto prefix = operation.name + "/";
        for (auto it = objects.lower_bound(prefix);
             it != objects.end() && it->first.starts_with(prefix); ++it) {
          const auto rest = it->first.substr(prefix.size());
          names.insert(rest.substr(0, rest.find('/')));
        }
        std::string text;
        for (const auto& name : names) text += name + "\n";
        return text;
      }
      case Kind::choose:
        break;
    }
    return {};
  }

  void step(std::size_t program, State& state, std::size_t choice) {
    const Objects* objects = &objects_[state.objects];
    Objects changed;
    auto& history = state.history[program];
    const auto apply = [&](const Actor::Operation& operation) {
      using Kind = Actor::Kind;
      const bool writes = operation.kind == Kind::create || operation.kind == Kind::copy ||
                          operation.kind == Kind::remove;
      if (writes && objects != &changed) {
        changed = *objects;
        objects = &changed;
      }
      return perform(operation, writes ? changed : const_cast<Objects&>(*objects));
    };
    const auto first = *next_of(program, history).operation;
    history = extend(
        history, intern(first.kind == Actor::Kind::choose ? std::to_string(choice) : apply(first)));
    while (true) {
      const auto& next = next_of(program, history);
      if (!next.operation || !is_free(*next.operation, *objects)) break;
      const auto operation = *next.operation;
      history = extend(history, intern(apply(operation)));
    }
    if (objects == &changed) state.objects = intern_objects(changed);
  }

  const std::vector<Program>* programs_ = nullptr;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::uint32_t> text_numbers_;
  std::deque<Objects> objects_;
  std::unordered_map<std::string, std::uint32_t> object_numbers_;
  std::deque<History> histories_;
  std::unordered_map<std::uint64_t, std::uint32_t> extended_;
  std::set<std::string> failures_;
};

}  // namespace provrun::test
