/// A store whose sessions a test stands in front of.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "optiinfra/transport/connector.hpp"

namespace optiinfra {

/// Passes every call on; a test overrides those that it changes or watches.
class WrappedSession : public Session {
 public:
  explicit WrappedSession(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  std::string_view database() const noexcept override { return session_->database(); }
  Result<QuerySummary> query(const Statement& statement, const BlockSink& on_block) override {
    return session_->query(statement, on_block);
  }
  Result<QuerySummary> query_text(const Statement& statement, std::string_view format,
                                  const TextSink& on_text) override {
    return session_->query_text(statement, format, on_text);
  }
  Result<void> execute(const Statement& statement) override { return session_->execute(statement); }
  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    return session_->insert(statement, block);
  }

 private:
  std::unique_ptr<Session> session_;
};

/// Gives sessions of `connector` as a Wrapped, made of such a session and of what all of them share.
template <typename Wrapped, typename Shared>
class WrappedConnector final : public Connector {
 public:
  WrappedConnector(std::shared_ptr<Connector> connector, std::shared_ptr<Shared> shared)
      : connector_(std::move(connector)), shared_(std::move(shared)) {}

  Result<std::unique_ptr<Session>> connect() override {
    OPTIINFRA_TRY(auto session, connector_->connect());
    return std::unique_ptr<Session>(std::make_unique<Wrapped>(std::move(session), shared_));
  }
  std::string description() const override { return connector_->description(); }

 private:
  std::shared_ptr<Connector> connector_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace optiinfra
