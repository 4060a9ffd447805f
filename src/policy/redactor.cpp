#include <algorithm>

#include "provrun/policy/redaction.hpp"
#include "secret_scanner.hpp"

namespace provrun::policy {

Redactor::Redactor(std::vector<Secret> known_secrets, std::vector<std::uint8_t> key)
    : tables_(std::make_unique<Tables>(std::move(known_secrets), std::move(key))) {}
Redactor::~Redactor() = default;
Redactor::Redactor(Redactor&&) noexcept = default;
Redactor& Redactor::operator=(Redactor&&) noexcept = default;

RedactedText Redactor::redact(std::string_view text) const {
  RedactedText result;
  std::vector<Span> spans;
  Tables::Progress progress;
  tables_->scan(text, 0, text.size(), progress, spans);
  merge_spans(spans, 0);
  std::size_t at = 0;
  for (const Span& span : spans) {
    result.text.append(text, at, span.begin - at);
    result.text += span.mark != nullptr
                       ? *span.mark
                       : tables_->mark_of(text.substr(span.begin, span.end - span.begin));
    at = span.end;
  }
  result.text.append(text, at);
  result.count = spans.size();
  return result;
}

std::string Redactor::mark_of(std::string_view value) const {
  return tables_->mark_of(value);
}

struct Redactor::Stream::State {
  State(const Tables& tables_in, Write write_in) : tables(tables_in), write(std::move(write_in)) {}

  const Tables& tables;
  Write write;
  std::string text;         ///< what is not written yet, after look_behind bytes that are
  std::size_t written = 0;  ///< of text
  std::size_t scanned = 0;  ///< anchors before this are done
  Tables::Progress progress;
  std::vector<Span> spans;  ///< found, not written yet
  std::uint64_t count = 0;

  void process(bool at_end) {
    const std::size_t scan_to =
        at_end ? text.size() : text.size() - std::min(text.size(), tables.look_ahead);
    if (scan_to > scanned) {
      tables.scan(text, scanned, scan_to, progress, spans);
      scanned = scan_to;
    }
    // An anchor not looked at yet can begin a span that lies up to look_behind before it.
    emit(at_end ? text.size() : scanned - std::min(scanned, tables.look_behind), at_end);
    drop_written();
  }

  void emit(std::size_t to, bool at_end) {
    std::vector<Span> merged = spans;
    merge_spans(merged, written);
    std::size_t done = 0;
    for (; done < merged.size(); ++done) {
      const Span& span = merged[done];
      if (!at_end && span.end > to) break;
      put(std::string_view(text).substr(written, span.begin - written));
      put(span.mark != nullptr ? std::string_view(*span.mark)
                               : tables.mark_of(text.substr(span.begin, span.end - span.begin)));
      written = span.end;
      ++count;
    }
    if (done < merged.size()) to = std::min(to, merged[done].begin);
    if (to > written) {
      put(std::string_view(text).substr(written, to - written));
      written = to;
    }
    spans.erase(std::remove_if(spans.begin(), spans.end(),
                               [&](const Span& span) { return span.end <= written; }),
                spans.end());
  }

  void put(std::string_view bytes) {
    if (!bytes.empty()) write(bytes);
  }

  void drop_written() {
    std::size_t keep_from = std::min(written, scanned);
    for (const Span& span : spans) keep_from = std::min(keep_from, span.begin);
    const std::size_t removed = keep_from - std::min(keep_from, tables.look_behind);
    if (removed == 0) return;
    text.erase(0, removed);
    written -= removed;
    scanned -= removed;
    progress.rebase(removed);
    for (Span& span : spans) {
      span.begin -= removed;
      span.end -= removed;
    }
  }
};

Redactor::Stream::Stream(const Redactor& redactor, Write write)
    : state_(std::make_unique<State>(*redactor.tables_, std::move(write))) {}
Redactor::Stream::~Stream() = default;
Redactor::Stream::Stream(Stream&&) noexcept = default;
Redactor::Stream& Redactor::Stream::operator=(Stream&&) noexcept = default;

void Redactor::Stream::write(std::string_view piece) {
  // Large enough that moving the held-back text to the front is a small part of the work.
  const std::size_t batch = 4 * state_->tables.look_ahead;
  while (!piece.empty()) {
    const std::size_t room = batch - std::min(batch, state_->text.size());
    const std::size_t taken = std::min(piece.size(), std::max<std::size_t>(room, 1));
    state_->text.append(piece.substr(0, taken));
    piece.remove_prefix(taken);
    if (state_->text.size() >= batch) state_->process(false);
  }
}

void Redactor::Stream::finish() {
  state_->process(true);
  state_->text.clear();
  state_->written = state_->scanned = 0;
  state_->progress = {};
  state_->spans.clear();
}

std::uint64_t Redactor::Stream::count() const {
  return state_->count;
}

}  // namespace provrun::policy
