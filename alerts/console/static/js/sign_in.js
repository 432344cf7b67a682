// The link's own page posts it, so that a preview of the link in a chat does not use it up.
document.getElementById("enter").submit();
