// Starts the explorer against the server it was loaded from.
const fetcher = GraphiQL.createFetcher({ url: "/public-graphql" });
const defaultQuery = `# Put your key into Headers below:
#   { "Authorization": "Bearer gh_…" }
# then press the button.
query Me {
  viewer {
    user {
      id
      username
      ledgerAccount {
        balanceCaches {
          nodes { currency balance }
        }
      }
    }
  }
}
`;
ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery, defaultEditorToolsVisibility: "headers" }),
);
