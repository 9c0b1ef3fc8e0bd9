"""Names that exports give their columns, by our field, most telling first.

They are those of the usual exports: Zendesk (tickets, satisfaction), Typeform, SurveyMonkey, Google Play, App Store
Connect, Trustpilot, Intercom, and plain words people use. Case, spaces, dots, hyphens, underscores and brackets do
not count. A test holds one header of each export.
"""

from __future__ import annotations

__all__ = ["COLUMN_ALIASES", "QUESTION_PHRASES"]

COLUMN_ALIASES: dict[str, list[str]] = {
    "text": (
        "text comment comments reviewtext reviewcontent review reviewbody feedback feedbacktext "
        "conversationratingremark ratingremark remark remarks satisfactioncomment body message content verbatim "
        "commenttext customercomment customerfeedback openanswer opentext freetext openendedresponse answer response "
        "description reviews tweet kommentar bewertungstext commentaire comentario"
    ).split(),
    "id": (
        "id feedbackid reviewid commentid responseid ticketid respondentid conversationid messageid reviewlink uuid "
        "key # token networkid"
    ).split(),
    "created_at": (
        "createdat created creationdate createddate date datetime timestamp time submittedat submitted "
        "submissiondate submitdateutc submitdate reviewsubmitdateandtime reviewcreatedutc reviewcreated reviewdate "
        "responsedate postedat conversationcreatedatutc conversationcreatedat conversationstartedatutc "
        "conversationstartedat enddate requested at"
    ).split(),
    "channel": "channel source sourcename reviewsource conversationchannel medium platform origin via".split(),
    "product": "product productname productid item sku asin article appname packagename domainurl".split(),
    "rating": (
        "rating stars starrating star reviewstars reviewrating conversationrating overall ratingvalue csat"
    ).split(),
    "customer_ref": (
        "customerref customerid customer userid user accountid clientid reviewerid reviewconsumeruserid requesterid "
        "requester requesteremail reviewernickname nickname contactid emailaddress author"
    ).split(),
}
#: Survey tools head a column with the question; these words are in questions that people answer in their own.
QUESTION_PHRASES = (
    "in your own words",
    "tell us",
    "anything else",
    "could we",
    "can we improve",
    "should we improve",
    "reason for your",
    "your feedback",
    "comments",
)
