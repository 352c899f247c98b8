"""A state as release 1 wrote it (format 1), and the diagrams it belongs to.

Two organisations are asked in a called process; the first has answered, and a timer waits.
"""

from base64 import b64decode

from tests.runtime.diagrams import chain, event, process, user

INNER = process(
    "inner",
    event("start", "is")
    + user(
        "vote",
        "bank:maker",
        '<bpmn:multiInstanceLoopCharacteristics camunda:collection="invited" '
        'camunda:elementVariable="bidder"/>',
        organisation="=bidder",
    )
    + event("end", "ie")
    + chain("is", "vote", "ie"),
)
OUTER = process(
    "outer",
    event("start", "s")
    + user("first")
    + '<bpmn:callActivity id="call" name="call" calledElement="inner"/>'
    '<bpmn:boundaryEvent id="late" name="late" attachedToRef="call"><bpmn:timerEventDefinition>'
    '<bpmn:timeDate>="2026-01-05"</bpmn:timeDate></bpmn:timerEventDefinition>'
    "</bpmn:boundaryEvent>"
    + event("end", "e")
    + event("end", "too_late")
    + chain("s", "first", "call", "e")
    + chain("late", "too_late"),
)
FORMAT_1 = b64decode(
    b"AXgBzZlJaxtJFMe/ytDXcYXaFx0DYWAuc0hgDsaIWp0mcku0Wp4JId99Xslud0WO42c8dgI+iPbT"
    b"Ur//2+tLl/zku9WXr2dd3I5j3vip3w77mycbv5/Wk99/6lZdscZxnixhKTgitYskSCsIT85owUUM"
    b"RXZn3f4QY97D+6fxkOtnXu02ecqpWxW/2cOT+nH14ztJnYa3ZWK9ikTKoImLWpAkEk3Kw7cwXe16"
    b"eC/O+Kzb+TEPU7caDpsNfPnHfpPgQbc677xjSYtCieWxEBmiJj7Az4/ZU82cSC7b7uKsOx55P/kp"
    b"r+NHP1zmbsWMU8IaI+gbKqkynMMxq0W30vLmQOv9Lkf4me8nP05AYRr7y8s8NsfuhymPg9+sF963"
    b"r7p+uO6PhM4ZO2McfkT0+7yu5zYgS8qbWaHp8y4P/gq+uPtQVYH/os41U0QZLxSx1FvOMlHORKSk"
    b"yKqqdp44ZgtJ1JpMlaPOZRRnbZh9kPMexbjL1+AN69IfhagOWXHe+fsMtjvs4GG+9Xl4mm9D4PwC"
    b"7L/DHHXGmTnKuGGO1KhljgrNC4RvG6Ee9m3AuH+qb1fet+7bUO6OH7XeHiZID9WZ//irujKCPOqk"
    b"M3mUcUMeqVRLnisWSwT3ztRQIpUPxPEiiLUhR+6oKDqAqwppaWBBEUkNBIVJYKGMIkxDRmXBFZ0o"
    b"KiiM0+rBoIh+s3nzdnsYkh8/v6uu/3636f8fyXDyoHDM8qCMG3mQcrbyOMUpS8UQnzXIw7wlNgRD"
    b"QiocalaWTlR5okomWeGI904TmZQlznlGHJVehRwKNwwlj+MCCsJtbRAQSrXYzbWhyoNKW5X185MU"
    b"yudmLVDGz9OCiyIlk5wI4SQUhhCJMxA5tlAVkhdSGAV4MvPGM+4J9wkkM7IQ70QkGp4G5rVVXKO0"
    b"MI4u9QNetVJAk5NRUtxWkGu/OdQ8xSnXhDJC1QemVsrB3++Urig9pq/na4by11kzlHGjGTLemvi5"
    b"QJQMAYLcufxJN3Q/If257QcU+CfGwF0PtfROZydV5oFajor9GTnK+FnIq4vRCC0UcUFkIrMMJHAX"
    b"iILeNXrLEncK5f/CsSUXnQiDc/5X0wB15lkDlHGjAVKzxu07YUUsBaoAjDsGanaEilGyJYV7GlyE"
    b"Kk8DSgNJuXkoOKD7yeObd0N6qZh4wOFRh5tho4wb2EhxGtiYHCMZXbqeE1cGgC+RUB6AhypiMzyU"
    b"cQMPWYSfCo+zOxeEV20ZnLbbNboUvlo2QHUAM2OU8SswXlLtCeNfvwaCsON2C0sT7Li/P4TduK1b"
    b"nuPM3KEaCxBsaWp/vGmynkGxU5yYXKAdF17ApklSAt2fKIxTF8LTNk3Zh2J4dIRJqKQwBmhik2ZE"
    b"MUqjUiXwyO82TSjjxaPub5poyVJLUYjzEb7N8QAdLOyclKY6Q0K1VkdU9bDOLG714pum036pmcp/"
    b"sH5CHXYOVpTxgrZDStEkRNicOa+MMyTlBON2NIFYWhxxqkgBM58O2jwOX2pmnV3Gh1P4/c/dP6EO"
    b"OUNHGTfQkSJ9A934aE2EIY3FRKSXkliZwPdTLjb6mJWuHScyrksxKSsYxNNxApQwLVqqOdE0SFBW"
    b"UNiaYCTkVNmlbTidxq+32BHwKo+XdZF7jjtA7RyWTPed7Vf9/+M7xohheqcxxrjRGOkTrcYlMyt5"
    b"FKRoCXNJ8pn4pCSBWT0I411SDtcTW6mXwDpp5vpfbDBBHXoWAWXcioATrRVBZC857BKJjsBfcgOV"
    b"MfNEonKGWxsLVMzHQwMuMaxi+q4rPBVhGH7OYII53AwbRaKBjRSngX2BWH5YpZfm+gTj6w4mqNw6"
    b"w0MZN/Ceni4ehSeN4s4sw/Fpha3p+bfzoxwX3853N/eKp9dp3af8eb0d1/2Q8r/dij6WhLvQp5RH"
    b"uNxjuHyMqkozYJTxCwPWnEq+ZNoa7+3s90zAR2o/WngugDkGMNjcDiHIpu/mpvd4OX28KcVNIZDz"
    b"bi5q+5rkqmMtN6pvd1fD+0P4ezt+KpvtP91X+E0Bnq2Pt4hwO3h+cc9+Mf4PE/tpnA=="
)
