// Reads the sample newsroom and writes an article with the client that openapi-generator makes for Go.
package main

import (
	"context"
	"fmt"
	"os"

	dateline "example.com/dateline"
)

func check(holds bool, what ...interface{}) {
	if !holds {
		fmt.Fprintln(os.Stderr, what...)
		os.Exit(1)
	}
}

func text(value string) dateline.NullableString {
	return *dateline.NewNullableString(&value)
}

func main() {
	configuration := dateline.NewConfiguration()
	configuration.Servers = dateline.ServerConfigurations{{URL: os.Getenv("DATELINE_URL")}}
	client := dateline.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), dateline.ContextAccessToken, os.Getenv("DATELINE_TOKEN"))

	var slugs []string
	blocks, cursor := 0, ""
	for {
		request := client.ArticlesAPI.ListArticles(ctx).Limit(20).Include([]dateline.Include{"body", "shares"})
		if cursor != "" {
			request = request.Cursor(cursor)
		}
		page, _, err := request.Execute()
		check(err == nil, "list:", err)
		for _, article := range page.Data {
			slugs = append(slugs, article.Slug)
			blocks += len(article.Body)
		}
		next := page.Page.NextCursor.Get()
		if next == nil {
			break
		}
		cursor = *next
	}
	for _, slug := range slugs {
		article, _, err := client.ArticlesAPI.GetArticle(ctx, slug).Execute()
		check(err == nil, slug, err)
		check(article.Slug == slug && len(article.Body) > 0, slug)
	}

	written := dateline.NewArticleCreation()
	written.Headline = text("From Go")
	written.Kicker = text("Test")
	image := dateline.NewLeadImageInput()
	image.SetUrl("https://images.example.com/a.jpg")
	image.Alt = text("A")
	written.LeadImage = *dateline.NewNullableLeadImageInput(image)
	body := dateline.FormattedBodyAsBodyInput(dateline.NewFormattedBody("<p>One.</p><p>Two.</p>", "html"))
	written.Body = *dateline.NewNullableBodyInput(&body)
	created, response, err := client.EditorialArticlesAPI.CreateArticle(ctx).ArticleCreation(*written).Execute()
	check(err == nil, "create:", err)
	check(len(created.Body) == 2, created.Body)

	patch := dateline.NewArticlePatch()
	patch.Headline = text("Patched from Go")
	patch.SetKickerNil()
	credit := dateline.NewLeadImagePatch()
	credit.Credit = text("C")
	patch.LeadImage = *dateline.NewNullableLeadImagePatch(credit)
	patched, _, err := client.EditorialArticlesAPI.EditArticle(ctx, created.Id).
		IfMatch(response.Header.Get("ETag")).ArticlePatch(*patch).Execute()
	check(err == nil, "patch:", err)
	check(*patched.Headline.Get() == "Patched from Go" && patched.Kicker.Get() == nil, patched.Headline)
	after := patched.LeadImage.Get()
	check(*after.Credit.Get() == "C" && *after.Alt.Get() == "A", after)
	fmt.Printf("   %d articles with %d blocks read, one written and patched\n", len(slugs), blocks)
}
