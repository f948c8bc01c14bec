// Reads the sample newsroom and writes an article with the models that openapi-generator makes for Kotlin. The requests
// are the JDK's own: what the generated client sends them with is not needed to see that its models fit.

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import kotlinx.serialization.encodeToString
import kotlinx.serialization.json.Json
import org.openapitools.client.infrastructure.Serializer
import org.openapitools.client.models.*

private val url: String = System.getenv("DATELINE_URL")
private val token: String = System.getenv("DATELINE_TOKEN")
private val client: HttpClient = HttpClient.newHttpClient()
private val json: Json = Json(Serializer.kotlinxSerializationJson) {
    // What is left out of a patch stays as it is.
    encodeDefaults = false
}

private fun send(method: String, path: String, body: String? = null, ifMatch: String? = null): HttpResponse<String> {
    val request = HttpRequest.newBuilder(URI.create(url + path))
    val publisher = body?.let { HttpRequest.BodyPublishers.ofString(it) } ?: HttpRequest.BodyPublishers.noBody()
    request.method(method, publisher).header("Authorization", "Bearer $token")
    if (body != null) request.header("Content-Type", "application/json")
    if (ifMatch != null) request.header("If-Match", ifMatch)
    val response = client.send(request.build(), HttpResponse.BodyHandlers.ofString())
    check(response.statusCode() in 200..299) { "$method $path: ${response.statusCode()} ${response.body()}" }
    return response
}

fun main() {
    val slugs = mutableListOf<String>()
    var blocks = 0
    var cursor: String? = null
    do {
        val from = cursor?.let { "&cursor=$it" } ?: ""
        val page: ArticlePage = json.decodeFromString(send("GET", "/v1/articles?limit=20&include=body,shares$from").body())
        page.`data`.forEach { slugs += it.slug; blocks += it.body?.size ?: 0 }
        cursor = page.page.nextCursor
    } while (cursor != null)
    for (slug in slugs) {
        val article: Article = json.decodeFromString(send("GET", "/v1/articles/$slug").body())
        check(article.slug == slug && article.body!!.isNotEmpty()) { slug }
    }

    val html = FormattedBody(content = "<p>One.</p><p>Two.</p>", format = FormattedBody.Format.html)
    val written = ArticleCreation(
        headline = "From Kotlin",
        kicker = "Test",
        leadImage = LeadImageInput(url = "https://images.example.com/a.jpg", alt = "A"),
        body = BodyInput.FormattedBodyValue(html),
    )
    val answer = send("POST", "/v1/editorial/articles", json.encodeToString(written))
    val created: EditorialArticle = json.decodeFromString(answer.body())
    check(created.body.size == 2) { answer.body() }
    val patch = ArticlePatch(headline = "Patched from Kotlin", leadImage = LeadImagePatch(credit = "C"))
    val etag = answer.headers().firstValue("etag").get()
    val path = "/v1/editorial/articles/${created.id}"
    val patched: EditorialArticle = json.decodeFromString(send("PATCH", path, json.encodeToString(patch), etag).body())
    check(patched.headline == "Patched from Kotlin" && patched.kicker == "Test") { patched }
    check(patched.leadImage?.credit == "C" && patched.leadImage?.alt == "A") { patched }
    println("   ${slugs.size} articles with $blocks blocks read, one written and patched")
}
