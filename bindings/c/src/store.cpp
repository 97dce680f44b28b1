#include "optiinfra/c_interface/store.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "optiinfra/api/answers.hpp"
#include "optiinfra/api/insert.hpp"
#include "optiinfra/report/name_lists.hpp"

namespace optiinfra::c_interface {
namespace {

std::string named_url(const char* url) {
  if (url != nullptr) return url;
  const char* const given = std::getenv("OPTIINFRA_URL");
  return given == nullptr ? "" : given;
}

Result<StoreUrl> parse_url(const char* url) {
  return url == nullptr ? store_url_of_environment() : parse_store_url(url);
}

}  // namespace

/// Connections of threads that call at the same time, kept for later calls.
class Store::Api {
 public:
  Api(api::ApiUrl url, std::string token, std::chrono::milliseconds timeout)
      : url_(std::move(url)), token_(std::move(token)), timeout_(timeout) {}

  /// Calls `use(connection)`, which returns a Result, while no other thread has the connection.
  template <typename Use>
  auto call(const Use& use) -> decltype(use(std::declval<api::ApiStore&>())) {
    OPTIINFRA_TRY(api::ApiStore connection, take());
    auto result = use(connection);
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(connection));
    return result;
  }

  std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  Result<api::ApiStore> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return api::ApiStore::make(url_, token_);
    api::ApiStore connection = std::move(free_.back());
    free_.pop_back();
    return connection;
  }

  const api::ApiUrl url_;
  const std::string token_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::vector<api::ApiStore> free_;
};

Result<StoreUrl> store_url_of(const char* url) {
  if (api::is_api_url(named_url(url)))
    return invalid_argument(
        "a writer needs a store itself (embedded:, clickhouse://, http://). The service at an api:// URL "
        "has a writer of its own: insert through a client, which returns when the rows are stored");
  return parse_url(url);
}

Store::Store(Place place) : place_(std::move(place)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Result<Store> Store::open(const char* url, const ClientOptions& options) {
  if (const std::string text = named_url(url); api::is_api_url(text)) {
    OPTIINFRA_TRY(api::ApiUrl api, api::parse_api_url(text));
    OPTIINFRA_TRY(Secret token, api::token_of_environment());
    Store store(std::make_unique<Api>(std::move(api), std::move(token.text), options.call_timeout));
    // As a store that cannot be opened: the service must be there and know the token.
    const auto answer = std::get<std::unique_ptr<Api>>(store.place_)->call([&](api::ApiStore& connection) {
      return connection.send({.path = "/api/v1/me", .timeout = options.call_timeout});
    });
    if (!answer) return answer.error();
    return store;
  }
  OPTIINFRA_TRY(const StoreUrl parsed, parse_url(url));
  OPTIINFRA_TRY(Client client, Client::open(parsed, options));
  return Store(std::move(client));
}

bool Store::ping() noexcept {
  if (auto* const client = std::get_if<Client>(&place_)) return client->ping();
  try {
    Api& api = *std::get<std::unique_ptr<Api>>(place_);
    return api
        .call([&](api::ApiStore& connection) {
          return connection.send({.path = "/readyz", .timeout = api.timeout()});
        })
        .has_value();
  } catch (const std::bad_alloc&) {
    return false;
  }
}

std::optional<Failure> Store::insert(const AnyBatch& batch, const std::string& token) {
  const auto insert_rows = [&](const auto& rows) -> Result<void> {
    if (auto* const client = std::get_if<Client>(&place_)) {
      OPTIINFRA_CHECK(client->insert(rows, {.token = token}));
      return {};
    }
    Api& api = *std::get<std::unique_ptr<Api>>(place_);
    return api.call([&](api::ApiStore& connection) {
      return api::insert_batch(connection, rows, token, {.call = api.timeout(), .all = api.timeout()});
    });
  };
  auto stored = std::visit(insert_rows, batch);
  return stored ? std::nullopt : std::optional(Failure(std::move(stored).error()));
}

Result<Answer> Store::query(const Question& question) {
  if (auto* const client = std::get_if<Client>(&place_)) return client->query(question);
  Api& api = *std::get<std::unique_ptr<Api>>(place_);
  return api.call(
      [&](api::ApiStore& connection) { return api::query_api(connection, question, api.timeout()); });
}

Result<Answer> Store::query(const NamedAsk& named) {
  OPTIINFRA_TRY(const PlannedAsk planned, plan(named));
  if (auto* const client = std::get_if<Client>(&place_)) {
    OPTIINFRA_TRY(Answer answer, client->query(planned.question));
    planned.named->name_columns(answer.columns);
    return answer;
  }
  std::vector<NamedValue> parameters = named.parameters;
  if (!named.by.empty()) parameters.emplace_back("by", named.by);
  if (!named.bucket.empty()) parameters.emplace_back("bucket", named.bucket);
  Api& api = *std::get<std::unique_ptr<Api>>(place_);
  return api.call([&](api::ApiStore& connection) {
    return api::query_api_named(connection, *planned.named, parameters, planned.question.range,
                                api.timeout());
  });
}

Result<Answer> Store::list(const std::string& kind, const std::vector<Filter>& filters, std::size_t limit) {
  const auto lists = report::name_lists();
  const auto found = std::ranges::find_if(lists, [&](const auto& each) { return each.name == kind; });
  if (found == lists.end())
    return invalid_argument("there is no list of '" + kind +
                            "'; there are customers, services, instances and models");
  for (const Filter& filter : filters)
    if (filter.dimension == "customer" ? !found->by_customer : !found->by_service)
      return invalid_argument("the list of " + kind + " is not kept to one " + filter.dimension);
  if (auto* const client = std::get_if<Client>(&place_)) {
    OPTIINFRA_TRY(const Names names, client->names());
    OPTIINFRA_TRY(report::ListedNames listed, report::list_names(*client, *found, filters, limit, names));
    report::Report report;
    report.sections.push_back({.key = kind, .title = {}, .records = std::move(listed.records)});
    return api::answer_of_report(report);
  }
  Api& api = *std::get<std::unique_ptr<Api>>(place_);
  return api.call([&](api::ApiStore& connection) {
    return api::list_from_api(connection, kind, filters, limit, api.timeout());
  });
}

}  // namespace optiinfra::c_interface
